"""Agents: much money of many people passes through an account, as it should."""

from collections.abc import Sequence

import numpy as np

from ingest.reference import Licence
from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD, TOWNS
from ingest.simulated.moves import cash_out, moment, paid_in, purchase, rounded, transfer
from ingest.simulated.planted import LookAlike, Stage, look_alike
from ingest.simulated.rows import HOUR, SECOND, Row

MONTH = 30


def remittance_agent(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """The same senders come back every month with much the same sum; it leaves in cash for their
    families. Three in four are licensed."""
    agent, town = stage.cast.lead(), int(rng.choice(BORDER_TOWNS))
    senders = stage.cast.from_towns(int(rng.integers(10, 45)), int(rng.integers(4, 12)), rng)
    rows: list[Row] = []
    for sender in senders:
        usual = KIP_PER_USD * float(np.exp(rng.uniform(np.log(30), np.log(350))))
        first = stage.first_day + int(rng.integers(0, MONTH))
        if rng.random() < 0.25:
            first += int(rng.integers(0, stage.last_day - stage.first_day))
        for day in range(first, stage.last_day - 2, MONTH):
            time = moment(day + int(rng.integers(0, 3)), (7, 20), rng)
            sent = rounded(
                usual * float(rng.choice([1.0, 1.0, 1.0, 0.5, 1.5, rng.uniform(0.4, 2)]))
            )
            rows.append(transfer("", sender, agent, sent, time))
            out = time + int(rng.uniform(1, 40) * 3_600) * SECOND
            rows += cash_out("", agent, sent * 0.98, out, town, rng)
    is_licensed = rng.random() < 0.75
    return look_alike("remittance_agent", [agent], rows, _licence(agent) if is_licensed else None)


def top_up_agent(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Small sums from the neighbourhood all day, passed on to the telephone company."""
    agent = stage.cast.lead()
    company = Party(party="M-FICT-TELCO-1", account="A-FICT-TELCO-1", town=0, device=None)
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 1, int(rng.integers(2, 5))):
        clients = _regulars(stage, agent, int(rng.integers(1, 7)), rng)
        sums = [rounded(float(rng.choice([10_000, 20_000, 50_000, 100_000]))) for _ in clients]
        rows += _paid(agent, clients, sums, day, rng)
        passed = rounded(sum(sums) * 0.95)
        rows.append(transfer("", agent, company, passed, moment(day, (20, 23), rng)))
    return look_alike("top_up_agent", [agent], rows, _licence(agent, "TOPUP_AGENT"))


def lottery_agent(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Stakes of many before each draw; the takings go on to the company the same night."""
    agent = stage.cast.lead()
    company = Party(party=None, account="X-FICT-000018", town=0, device=None)
    rows: list[Row] = []
    for day in range(stage.first_day + int(rng.integers(0, 7)), stage.last_day - 1, 7):
        clients = _regulars(stage, agent, int(rng.integers(4, 16)), rng)
        sums = [rounded(float(rng.lognormal(np.log(45_000), 0.6))) for _ in clients]
        rows += _paid(agent, clients, sums, day, rng)
        passed = rounded(sum(sums) * float(rng.uniform(0.8, 0.93)))
        rows.append(transfer("", agent, company, passed, moment(day, (20, 23), rng)))
    return look_alike("lottery_agent", [agent], rows)


def gold_buyer_at_wedding(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Savings over months, then big cash and a gold shop within days."""
    buyer = stage.cast.lead()
    rows: list[Row] = []
    for wedding in range(stage.first_day + int(rng.integers(5, 60)), stage.last_day - 10, 60):
        relatives = stage.cast.from_towns(int(rng.integers(3, 12)), 3, rng)
        sums = [rounded(KIP_PER_USD * float(rng.uniform(60, 900))) for _ in relatives]
        rows += _paid(buyer, relatives, sums, wedding, rng)
        drawn = moment(wedding + 2, (8, 16), rng)
        rows += cash_out("", buyer, sum(sums) * 0.6, drawn, buyer.town, rng)
        gold = sum(sums) * 0.35
        rows.append(purchase("", buyer, gold, drawn + 2 * HOUR, mcc="5944"))
    return look_alike("gold_buyer_at_wedding", [buyer], rows)


def border_petty_trader(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Goods bought across the river in baht twice a week with cash of customers in many towns."""
    trader = stage.cast.lead()
    thai = Party(
        party=None,
        account=f"X-FICT-{13 + 18 * int(rng.integers(50_000)):06d}",
        town=13,
        device=None,
    )
    towns = [int(town) for town in rng.choice(len(TOWNS), int(rng.integers(2, 6)), replace=False)]
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 3, int(rng.integers(3, 6))):
        amount = KIP_PER_USD * float(rng.lognormal(np.log(260), 0.6))
        conductor = trader.party or ""
        at = int(rng.choice(towns))
        rows.append(paid_in("", trader, conductor, amount, moment(day, (7, 18), rng), at))
        baht = max(100, int(amount * 0.8 / 610) // 100 * 100)
        rows.append(transfer("", trader, thai, baht, moment(day + 1, (8, 17), rng), currency="THB"))
    return look_alike("border_petty_trader", [trader], rows)


def trader_near_threshold(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """A wholesaler whose takings lie on both sides of the reporting limit, all year."""
    trader = stage.cast.lead()
    usual, step = float(rng.uniform(80e6, 115e6)), int(rng.integers(3, 9))
    rows = [
        paid_in(
            "",
            trader,
            trader.party or "",
            usual * float(rng.lognormal(0.0, 0.18)),
            moment(day, (8, 16), rng),
            trader.town,
        )
        for day in range(stage.first_day, stage.last_day - 1, step)
    ]
    return look_alike("trader_near_threshold", [trader], rows)


def _licence(agent: Party, kind: str = "MVTS") -> Licence:
    return Licence(
        holder=agent.party or agent.account, kind=kind, source="fictional register of agents"
    )


def _regulars(stage: Stage, agent: Party, count: int, rng: np.random.Generator) -> list[Party]:
    """Of the same hundred people of the town."""
    first = agent.town + len(TOWNS) * (sum(map(ord, agent.account)) % 500 * 100)
    numbers = first + len(TOWNS) * rng.integers(0, 100, count)
    return [
        Party(party=None, account=f"X-FICT-{int(n):06d}", town=agent.town, device=None)
        for n in numbers
    ]


def _paid(
    payee: Party,
    payers: Sequence[Party],
    sums: Sequence[int],
    day: int,
    rng: np.random.Generator,
) -> list[Row]:
    return [
        transfer("", payer, payee, amount, moment(day, (7, 20), rng))
        for payer, amount in zip(payers, sums, strict=True)
    ]


KINDS = {
    "border_petty_trader": border_petty_trader,
    "gold_buyer_at_wedding": gold_buyer_at_wedding,
    "lottery_agent": lottery_agent,
    "remittance_agent": remittance_agent,
    "top_up_agent": top_up_agent,
    "trader_near_threshold": trader_near_threshold,
}
