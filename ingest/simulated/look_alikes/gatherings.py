"""Many pay one person on an occasion: gifts, funds, fairs and circles of savers."""

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD, TOWNS
from ingest.simulated.moves import cash_out, moment, purchase, rounded, transfer
from ingest.simulated.planted import LookAlike, Stage, look_alike
from ingest.simulated.rows import HOUR, Row


def wedding_funeral_gifts(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """One of a few sums from guests of many towns within days; paid out for the feast."""
    host = stage.cast.lead()
    rows: list[Row] = []
    for feast in range(stage.first_day + int(rng.integers(3, 60)), stage.last_day - 8, 60):
        guests = stage.cast.from_towns(int(rng.integers(15, 70)), int(rng.integers(3, 10)), rng)
        usual = KIP_PER_USD * float(rng.uniform(5, 30))
        for guest in guests:
            gift = rounded(usual * float(rng.choice([0.5, 1.0, 1.0, 2.0, 5.0])))
            day = feast + int(rng.integers(0, 4))
            rows.append(transfer("", guest, host, gift, moment(day, (7, 22), rng)))
        taken = sum(row.amount for row in rows[-len(guests) :])
        spent = taken * float(rng.uniform(0.3, 0.8))
        rows += cash_out("", host, spent, moment(feast + 4, (8, 17), rng), host.town, rng)
    return look_alike("wedding_funeral_gifts", [host], rows)


def rosca(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """The same savers pay the same sum every month; each time another one receives it."""
    savers = [stage.cast.lead() for _ in range(min(8, max(1, len(stage.cast.leads) // 50)))]
    share = rounded(KIP_PER_USD * float(rng.uniform(8, 90)))
    rows: list[Row] = []
    for turn, day in enumerate(range(stage.first_day + 4, stage.last_day - 5, 30)):
        receiver = savers[turn % len(savers)]
        for saver in savers:
            if saver is not receiver:
                time = moment(day + int(rng.integers(0, 3)), (7, 22), rng)
                rows.append(transfer("", saver, receiver, share, time))
    return look_alike("rosca", savers, rows)


def village_fund(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Small dues of a village every month to its treasurer, lent out again in cash."""
    treasurer = stage.cast.lead()
    dues = rounded(KIP_PER_USD * float(rng.uniform(2, 8)))
    villagers = _of_town(treasurer.town, int(rng.integers(20, 60)), rng)
    rows: list[Row] = []
    for day in range(stage.first_day + int(rng.integers(0, 28)), stage.last_day - 6, 30):
        for villager in villagers:
            time = moment(day + int(rng.integers(0, 4)), (7, 20), rng)
            rows.append(transfer("", villager, treasurer, dues, time))
        lent = dues * len(villagers) * float(rng.uniform(0.4, 0.95))
        rows += cash_out("", treasurer, lent, moment(day + 4, (8, 16), rng), treasurer.town, rng)
    return look_alike("village_fund", [treasurer], rows)


def temple_fair(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Alms and takings of stalls in three evenings, every two months; card file a day late."""
    keeper = stage.cast.lead()
    rows: list[Row] = []
    for fair in range(stage.first_day + int(rng.integers(3, 60)), stage.last_day - 6, 60):
        givers = stage.cast.from_towns(int(rng.integers(25, 80)), int(rng.integers(3, 9)), rng)
        for giver in givers:
            gift = rounded(float(rng.choice([20_000, 50_000, 100_000, 200_000])))
            time = moment(fair + int(rng.integers(0, 3)), (16, 23), rng)
            rows.append(transfer("", giver, keeper, gift, time))
        taken = sum(row.amount for row in rows[-len(givers) :])
        bought = moment(fair + 3, (8, 12), rng)
        rows.append(purchase("", keeper, taken * 0.3, bought, mcc="5411", delay=20 * HOUR))
        rows += cash_out("", keeper, taken * 0.5, bought + 3 * HOUR, keeper.town, rng)
    return look_alike("temple_fair", [keeper], rows)


def online_tutor(stage: Stage, rng: np.random.Generator) -> LookAlike:
    """Two dozen pupils abroad pay by the lesson; most goes to rent, family and shops."""
    tutor = stage.cast.lead()
    pupils = [f"X-FICT-TH-{int(n):06d}" for n in rng.integers(0, 900_000, int(rng.integers(8, 25)))]
    price = int(rng.integers(20, 60)) * 10
    rows: list[Row] = []
    for day in range(stage.first_day, stage.last_day - 1, 2):
        for account in rng.choice(pupils, int(rng.integers(1, 4))):
            pupil = Party(party=None, account=str(account), town=0, device=None)
            time = moment(day, (17, 24), rng)
            rows.append(transfer("", pupil, tutor, price, time, currency="THB", country="TH"))
    return look_alike("online_tutor", [tutor], rows)


def _of_town(town: int, count: int, rng: np.random.Generator) -> list[Party]:
    numbers = town + len(TOWNS) * rng.integers(0, 55_000, count)
    return [
        Party(party=None, account=f"X-FICT-{int(n):06d}", town=town, device=None) for n in numbers
    ]


KINDS = {
    "online_tutor": online_tutor,
    "rosca": rosca,
    "temple_fair": temple_fair,
    "village_fund": village_fund,
    "wedding_funeral_gifts": wedding_funeral_gifts,
}
