"""Work and trade: wages in cash, groups paid through one of them, sellers, vans and rooms."""

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD, TOWNS
from ingest.simulated.moves import cash_out, moment, paid_in, purchase, rounded, transfer
from ingest.simulated.planted import LookAlike, Stage, look_alike
from ingest.simulated.rows import SECOND, Row

MONTH = 30


def farm_group_leader(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """A plantation pays a leader every fortnight of the season, who passes it on to the group."""
    leader = stage.cast.lead()
    plantation = _account(stage, rng)
    group = stage.cast.strangers(int(rng.integers(6, 20)), rng)
    rows: list[Row] = []
    for day in range(stage.first_day + int(rng.integers(0, 14)), stage.last_day - 2, 14):
        wage = KIP_PER_USD * float(rng.uniform(40, 90))
        paid = moment(day, (8, 12), rng)
        rows.append(transfer("", plantation, leader, rounded(wage * (len(group) + 1)), paid))
        for worker in group:
            time = paid + int(rng.uniform(0.5, 20) * 3_600) * SECOND
            own = rounded(wage * float(rng.uniform(0.85, 1.05)))
            rows.append(transfer("", leader, worker, own, time))
    return look_alike("farm_group_leader", [leader], rows)


def market_live_seller(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Many small credits from anywhere on the day of a broadcast; suppliers and couriers."""
    seller, supplier = stage.cast.lead(), _account(stage, rng)
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 2, int(rng.integers(2, 5))):
        buyers = stage.cast.strangers(int(rng.integers(2, 14)), rng)
        price = KIP_PER_USD * float(rng.uniform(3, 25))
        for buyer in buyers:
            paid = rounded(price * float(rng.choice([1, 1, 2, 3])))
            rows.append(transfer("", buyer, seller, paid, moment(day, (11, 22.5), rng)))
        taken = sum(row.amount for row in rows[-len(buyers) :])
        ordered = moment(day + 1, (8, 12), rng)
        rows.append(transfer("", seller, supplier, rounded(taken * 0.4), ordered))
        rows.append(purchase("", seller, taken * 0.3, ordered + 1_800 * SECOND, mcc="5131"))
        sent = KIP_PER_USD * float(rng.uniform(0.8, 1.6)) * len(buyers)
        rows.append(purchase("", seller, sent, moment(day + 1, (13, 18), rng), mcc="4215"))
    return look_alike("market_live_seller", [seller], rows)


def tour_and_van_operator(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """One fare from many towns, fuel by card, a driver at the border who is sent cash."""
    operator, border = stage.cast.lead(), int(rng.choice(BORDER_TOWNS))
    fares = [KIP_PER_USD * float(rng.uniform(8, 60)) for _ in range(2)]
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 2, int(rng.integers(2, 5))):
        riders = stage.cast.from_towns(int(rng.integers(2, 12)), int(rng.integers(2, 8)), rng)
        for rider in riders:
            fare = rounded(fares[int(rng.integers(0, 2))])
            rows.append(transfer("", rider, operator, fare, moment(day, (6, 22), rng)))
        taken = sum(row.amount for row in rows[-len(riders) :])
        fuel = moment(day + 1, (5, 9), rng)
        rows.append(purchase("", operator, taken * 0.3, fuel, mcc="5541"))
        out = moment(day + 1, (10, 20), rng)
        rows += cash_out("", operator, taken * 0.45, out, border, rng)
    return look_alike("tour_and_van_operator", [operator], rows)


def guesthouse(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Late credits of travellers, linen and food by card, takings paid in by the night porter."""
    keeper = stage.cast.lead()
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 2, 2):
        rate = KIP_PER_USD * float(rng.uniform(8, 25))
        for guest in stage.cast.strangers(int(rng.integers(1, 5)), rng):
            paid = rounded(rate * int(rng.integers(1, 4)))
            rows.append(transfer("", guest, keeper, paid, moment(day, (18, 26), rng)))
        if rng.random() < 0.4:
            cash = rate * float(rng.uniform(2, 10))
            conductor = keeper.party or ""
            rows.append(
                paid_in("", keeper, conductor, cash, moment(day, (20, 24), rng), keeper.town)
            )
        food = rate * float(rng.uniform(0.5, 2))
        rows.append(purchase("", keeper, food, moment(day, (7, 11), rng), mcc="5411"))
    return look_alike("guesthouse", [keeper], rows)


def payday_atm_queue(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """A factory's wages are drawn whole at one machine in one evening, month after month."""
    workers = [stage.cast.lead() for _ in range(min(6, max(1, len(stage.cast.leads) // 50)))]
    rows: list[Row] = []
    for payday in range(stage.first_day + int(rng.integers(0, 28)), stage.last_day - 2, MONTH):
        for worker in workers:
            drawn = moment(payday, (17, 20), rng)
            wage = KIP_PER_USD * float(rng.uniform(90, 190))
            rows += cash_out("", worker, wage, drawn, workers[0].town, rng)
    return look_alike("payday_atm_queue", workers, rows)


def month_end_cash_payroll(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """A builder draws the wages of a crew in cash at every month's end."""
    builder = stage.cast.lead()
    client = _account(stage, rng)
    rows: list[Row] = []
    for day in range(stage.first_day + int(rng.integers(0, 28)), stage.last_day - 3, MONTH):
        due = KIP_PER_USD * float(rng.uniform(800, 4_000))
        rows.append(transfer("", client, builder, rounded(due), moment(day, (8, 16), rng)))
        wages = moment(day + 1, (8, 16), rng)
        rows += cash_out("", builder, due * 0.85, wages, builder.town, rng)
    return look_alike("month_end_cash_payroll", [builder], rows)


def factory_onboarding_day(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Newcomers of one factory are paid an advance of one sum on one day, and send it home."""
    workers = [stage.cast.lead() for _ in range(min(6, max(1, len(stage.cast.leads) // 50)))]
    factory = _account(stage, rng)
    rows: list[Row] = []
    for day in range(stage.first_day + int(rng.integers(0, 40)), stage.last_day - 4, 60):
        advance = rounded(KIP_PER_USD * float(rng.uniform(30, 80)))
        for worker in workers:
            rows.append(transfer("", factory, worker, advance, moment(day, (9, 11), rng)))
            family = stage.cast.stranger(int(rng.integers(0, len(TOWNS))), rng)
            sent = moment(day, (12, 30), rng)
            rows.append(transfer("", worker, family, rounded(advance * 0.8), sent))
    return look_alike("factory_onboarding_day", workers, rows)


def _account(stage: Stage, rng: np.random.Generator) -> Party:
    """Of a firm with another bank."""
    town = int(rng.integers(0, len(TOWNS)))
    number = town + len(TOWNS) * int(rng.integers(0, 55_000))
    return Party(party=None, account=f"X-FICT-{number:06d}", town=town, device=None)


KINDS = {
    "factory_onboarding_day": factory_onboarding_day,
    "farm_group_leader": farm_group_leader,
    "guesthouse": guesthouse,
    "market_live_seller": market_live_seller,
    "month_end_cash_payroll": month_end_cash_payroll,
    "payday_atm_queue": payday_atm_queue,
    "tour_and_van_operator": tour_and_van_operator,
}
