"""The demo feed: 120 days of a few dozen invented people, and the scenes among them.

`python -m ingest.simulated.demo FOLDER` writes it; the committed files are its output.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from ingest.reference import Account, Licence
from ingest.simulated.banks import draw_banks
from ingest.simulated.cast import Cast, Party
from ingest.simulated.contacts import no_contacts
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.life import EPOCH, everyday, held_accounts
from ingest.simulated.moves import deposit, rounded, transfer, withdrawal
from ingest.simulated.people import People, draw_people
from ingest.simulated.plan import Country
from ingest.simulated.row_store import RowStore
from ingest.simulated.rows import DAY, HOUR, SECOND, Row, frame_of
from ingest.simulated.stream import encoded, number
from ingest.simulated.write import TRANSACTIONS, write_references, write_settings

SEED = 20_001_212
CUSTOMERS = 40
DAYS = 120
FIRST_DAY = (date(2025, 9, 1) - EPOCH).days
LAST_DAY = FIRST_DAY + DAYS
LONGEST_SCENE = 2

COLLECTOR, RECEIVER, AGENT, TRADER = 9, 26, 31, 36
WORKER, HER_PARENT = 16, 15
"""Who plays, by position among the people that SEED draws: two students, four workers, a vendor
and an elder."""

FEES = (3_200_000, 4_500_000)
FEE_DAY = FIRST_DAY + 84
PAYER_TOWNS = (2, 4, 6, 8, 11, 14, 16)
CASH_TOWNS = (2, 6, 8, 9)
BORDER_TOWN = 13

DRAINED = ((14, FIRST_DAY + 61, 45), (38, FIRST_DAY + 91, 27))
"""Two students, the day on which the own life of each stops showing, and for how long."""

SENDER_TOWNS = (0, 1, 3, 5, 9, 12, 16)
OLD_SENDERS, NEW_SENDERS = 18, 10
GROWTH = 62
"""The day the agent's business grows; nine senders a fortnight before it are nobody's alarm."""
SENT_USD = (60, 160)
AGENT_TOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Rows by event time, and the accounts opened for them."""

    rows: pl.DataFrame
    opened: tuple[Account, ...]


def main() -> None:
    """Writes the demo feed into the folder named on the command line."""
    write_demo(Path(sys.argv[1]))


def write_demo(folder: Path) -> None:
    """transactions.ndjson, its reference files and palermo.toml: always the same bytes."""
    country = demo_country(np.random.Generator(np.random.PCG64(SEED)))
    folder.mkdir(parents=True, exist_ok=True)
    write_references(folder, country)
    write_settings(folder, TRANSACTIONS, {"USD": str(KIP_PER_USD)}, country.banks)
    rows = country.planted.between(FIRST_DAY * DAY, (LAST_DAY + LONGEST_SCENE) * DAY)
    text = "".join(f"{line}\n" for line in encoded(number(rows)))
    (folder / TRANSACTIONS).write_text(text, encoding="utf-8", newline="\n")


def demo_country(rng: np.random.Generator) -> Country:
    """Everyday life with the scenes laid into it; `planted` holds all of its rows in order."""
    people = draw_people(CUSTOMERS, rng)
    scenes = (
        fee_scene(people, rng),
        drain_scene(people, rng),
        agent_scene(people, rng),
        trader_scene(people, rng),
        support_scene(people, rng),
    )
    life = everyday(people, first_day=FIRST_DAY, days=DAYS, rng=rng)
    planted = RowStore()
    for rows in (_without_scenes(life, people), *(scene.rows for scene in scenes)):
        planted.add(rows)
    return Country(
        people=people,
        banks=draw_banks(people.society.banks, held_accounts(people), rng.spawn(1)[0]),
        contacts=no_contacts(people),
        schemes=(),
        look_alikes=(),
        licences=(_licence(people),),
        planted=planted,
        hushes=(),
        first_day=FIRST_DAY,
        scored_from=FIRST_DAY,
        days=DAYS,
        opened=tuple(account for scene in scenes for account in scene.opened),
    )


def fee_scene(people: People, rng: np.random.Generator) -> Scene:
    """Eighteen strangers from seven subdivisions pay one of two prices within ten days; each
    evening the money is drawn in cash at a border town. Those without an account pay in at
    machines of four towns, for another account of the collector, and that too is drawn there."""
    collector = _second_account(people, COLLECTOR)
    till = replace(collector, account=collector.account.replace("-2", "-3"))
    rows = _paid_in(till, rng)
    for day in range(FEE_DAY, FEE_DAY + 9):
        payers = [_stranger(100 + 2 * (day - FEE_DAY) + n, PAYER_TOWNS) for n in range(2)]
        for hour, payer in zip((8, 14), payers, strict=True):
            fee = FEES[int(rng.random() < 0.4)]
            rows.append(transfer("fees", payer, collector, fee, _at(day, hour, rng)))
        taken = sum(row.amount for row in rows[-2:])
        drawn = rounded(taken * 0.97)
        rows.append(withdrawal("fees", collector, drawn, _at(day, 18, rng), BORDER_TOWN, 3))
    return _scene(rows, collector, till)


def drain_scene(people: People, rng: np.random.Generator) -> Scene:
    """Two students' accounts get small sums from strangers every evening and are emptied the
    same night to one party, on a telephone that is not theirs; they buy nothing any more."""
    receiver = _second_account(people, RECEIVER)
    rows = [
        row
        for who, change, days in DRAINED
        for day in range(change, change + days)
        for row in _evening(_person(people, who), receiver, day, rng)
    ]
    taken = sum(row.amount for row in rows if row.benef_account_id == receiver.account)
    rows += [
        withdrawal("drain", receiver, rounded(taken * 0.15), _at(day, 11, rng), BORDER_TOWN, 1)
        for day in range(DRAINED[0][1] + 9, LAST_DAY, 9)
    ]
    return _scene(rows, receiver)


def agent_scene(people: People, rng: np.random.Generator) -> Scene:
    """A licensed agent whose senders come back every month, with a small or a big sum in turn,
    and who pays the families in cash the next morning."""
    agent = _second_account(people, AGENT)
    rows: list[Row] = []
    old = [who * 30 // OLD_SENDERS for who in range(OLD_SENDERS)]
    new = [GROWTH + who * 30 // NEW_SENDERS for who in range(NEW_SENDERS)]
    for who, start in enumerate((*old, *new)):
        sender = _stranger(500 + who, SENDER_TOWNS)
        for month, day in enumerate(range(FIRST_DAY + start, LAST_DAY - 1, 30)):
            sum_sent = rounded(SENT_USD[(month + who) % 2] * KIP_PER_USD)
            rows.append(transfer("agent", sender, agent, sum_sent, _at(day, 15, rng)))
            paid = rounded(sum_sent * 0.98)
            rows.append(withdrawal("agent", agent, paid, _at(day + 1, 9, rng), AGENT_TOWN, 2))
    return _scene(rows, agent)


def trader_scene(people: People, rng: np.random.Generator) -> Scene:
    """A wholesale trader whose takings lie on both sides of the reporting threshold."""
    trader = _second_account(people, TRADER)
    rows = [
        deposit(
            "trader",
            trader,
            trader.party,
            rounded(rng.uniform(84_000_000, 116_000_000)),
            day * DAY + 15 * HOUR,
            trader.town,
            "BRANCH",
        )
        for day in range(FIRST_DAY, LAST_DAY, 3)
    ]
    return _scene(rows, trader)


def support_scene(people: People, rng: np.random.Generator) -> Scene:
    """A pieceworker fed and housed by her workshop, who sends nearly all she earns to her parent
    the same evening: drained by every number, and declared as family."""
    worker, parent = _person(people, WORKER), _person(people, HER_PARENT)
    workshop = Party(party="E-FICT-CROP-2", account="A-FICT-CROP-2", town=worker.town, device=None)
    rows: list[Row] = []
    for day in range(FIRST_DAY + 1, LAST_DAY, 4):
        earned = rounded(rng.uniform(250_000, 450_000))
        rows.append(transfer("support", workshop, worker, earned, _at(day, 17, rng)))
        rows.append(transfer("support", worker, parent, rounded(earned * 0.95), _at(day, 20, rng)))
    return _scene(rows)


def _scene(rows: Sequence[Row], *holders: Party) -> Scene:
    return Scene(
        rows=frame_of(sorted(rows, key=lambda row: row.event_time)),
        opened=tuple(Account(account_id=p.account, holder=p.party) for p in holders),
    )


def _person(people: People, who: int) -> Party:
    return Cast(people=people, leads=[], walk_ons_of=()).at(who)


def _second_account(people: People, who: int) -> Party:
    """Opened for a scene, so that the everyday life of the first goes on beside it."""
    first = _person(people, who)
    return replace(first, account=f"{first.account}-2")


def _paid_in(till: Party, rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = []
    for visit in range(12):
        day, town = FEE_DAY + visit, CASH_TOWNS[visit % len(CASH_TOWNS)]
        payer, fee = f"W-FICT-{visit:06d}", FEES[visit % 2]
        rows.append(deposit("fees", till, payer, fee, _at(day, 10, rng), town, "CDM"))
        drawn = rounded(fee * 0.97)
        rows.append(withdrawal("fees", till, drawn, _at(day, 19, rng), BORDER_TOWN, 2))
    return rows


def _evening(victim: Party, receiver: Party, day: int, rng: np.random.Generator) -> Sequence[Row]:
    clients = [_stranger(int(n), PAYER_TOWNS) for n in rng.integers(700, 960, 3)]
    times = sorted(_at(day, int(hour), rng) for hour in rng.integers(18, 22, 3))
    rows = [
        transfer("drain", client, victim, rounded(rng.uniform(150_000, 600_000)), time)
        for client, time in zip(clients, times, strict=True)
    ]
    swept = rounded(sum(row.amount for row in rows) * 0.985)
    last = _at(day, 23, rng)
    return [*rows, transfer("drain", victim, receiver, swept, last, device=receiver.device)]


def _stranger(who: int, towns: Sequence[int]) -> Party:
    """Somebody with an account at another bank, who always lives in the same town."""
    return Party(party=None, account=f"X-FICT-{who:06d}", town=towns[who % len(towns)], device=None)


def _at(day: int, hour: int, rng: np.random.Generator) -> int:
    """Some second of that local hour."""
    return day * DAY + hour * HOUR + int(rng.integers(0, 3_600)) * SECOND


def _licence(people: People) -> Licence:
    return Licence(
        holder=people.party[AGENT],
        kind="MVTS",
        valid_from=date(2023, 1, 1),
        source="fictional register of remittance agents",
    )


def _without_scenes(life: pl.DataFrame, people: People) -> pl.DataFrame:
    """Life without what the scenes replace: the students' from their change on, and all of the
    pieceworker's."""
    ends = [(who, change * DAY) for who, change, _ in DRAINED]
    gone = [
        (pl.col(side) == people.account[who]) & (pl.col("event_time") >= end)
        for who, end in (*ends, (WORKER, 0))
        for side in ("orig_account_id", "benef_account_id")
    ]
    return life.filter(~pl.any_horizontal(condition.fill_null(value=False) for condition in gone))


if __name__ == "__main__":
    main()
