"""Who lives in the simulated country. No name, no sex, no nationality: none is ever needed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.country import KIP_PER_USD, TOWNS
from ingest.simulated.society import HAMLET, Society

Indices = npt.NDArray[np.int64]

LEAST_SHOPS = 3
WORKERS_PER_EMPLOYER = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """One entry a person in every array; towns are positions in TOWNS, -1 says nobody.

    society: where they live; job: position of the walk of life among the society's. party,
    account, device: ids as Polars strings, gathered by position. income: kip a month. child: who
    supports this elder (declared as related in `is_declared`), and whom an elder's family feeds;
    landlord: to whom rent goes; employer: position of the firm that pays wages. activity: how much
    one does of every habit, 1 is usual. is_remitter: gets money from abroad.
    """

    society: Society
    party: pl.Series
    account: pl.Series
    device: pl.Series
    home: Indices
    job: Indices
    income: Indices
    payday: Indices
    employer: Indices
    landlord: Indices
    parent: Indices
    is_declared: npt.NDArray[np.bool_]
    birth_year: Indices
    activity: npt.NDArray[np.float64]
    is_remitter: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.home)

    def are(self, trait: str) -> npt.NDArray[np.bool_]:
        """Of each person, whether their walk of life has the named trait."""
        return self.society.has(trait)[self.job]

    @property
    def shops_per_town(self) -> int:
        wanted = self.society.shops_per_10k * len(self) // (10_000 * len(TOWNS))
        return max(LEAST_SHOPS, wanted // LEAST_SHOPS * LEAST_SHOPS)

    @property
    def employers(self) -> int:
        return 1 + len(self) // WORKERS_PER_EMPLOYER


def draw_people(count: int, rng: np.random.Generator, society: Society = HAMLET) -> People:
    """`count` people with homes, work, income, landlords and parents. Ids are plainly fictional."""
    shares = [walk.share for walk in society.walks]
    job = rng.choice(len(shares), size=count, p=shares).astype(np.int64)
    incomes = np.array([walk.usual_income_usd for walk in society.walks], dtype=np.float64)
    home = _homes(count, rng)
    return People(
        society=society,
        party=_ids("C-FICT", count),
        account=_ids("A-FICT", count),
        device=_devices(society, count, rng),
        home=home,
        job=job,
        income=_incomes(incomes[job] * KIP_PER_USD, rng),
        payday=rng.integers(24, 29, count),
        employer=rng.integers(0, 1 + count // WORKERS_PER_EMPLOYER, count),
        landlord=_landlords(society, job, rng),
        parent=_parents(society, job, rng),
        is_declared=rng.random(count) < 0.7,
        birth_year=_birth_years(society, job, rng),
        activity=_activity(society, count, rng),
        is_remitter=_remitters(society, count, rng),
    )


def _devices(society: Society, count: int, rng: np.random.Generator) -> pl.Series:
    """A telephone each, but for those who use that of the one before them: a household's."""
    own = np.arange(1, count + 1)
    if society.shared_telephones:
        is_shared = (rng.random(count) < society.shared_telephones) & (own > 1)
        own = np.where(is_shared, own - 1, own)
    return "D-FICT-" + pl.Series(own).cast(pl.String).str.zfill(6)


def _incomes(usual: npt.NDArray[np.float64], rng: np.random.Generator) -> Indices:
    return (usual * rng.lognormal(0.0, 0.35, len(usual)) / 50_000).astype(np.int64) * 50_000


def _activity(society: Society, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Nothing is drawn where all are alike."""
    if not society.activity_spread:
        return np.ones(count, dtype=np.float64)
    return rng.lognormal(0.0, society.activity_spread, count)


def _remitters(society: Society, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Nothing is drawn where anybody may be one."""
    if society.remitter_share >= 1.0:
        return np.ones(count, dtype=np.bool_)
    return rng.random(count) < society.remitter_share


def _ids(prefix: str, count: int) -> pl.Series:
    return pl.Series([f"{prefix}-{number:06d}" for number in range(1, count + 1)], dtype=pl.String)


def _homes(count: int, rng: np.random.Generator) -> Indices:
    """One person in five lives in the first town, the others anywhere."""
    anywhere = rng.integers(0, len(TOWNS), count)
    return np.where(rng.random(count) < 0.2, 0, anywhere).astype(np.int64)


def _landlords(society: Society, job: Indices, rng: np.random.Generator) -> Indices:
    """Two in five of those on wages rent; a landlord is anybody whose walk of life may let."""
    owners = np.flatnonzero(society.has("may_let")[job])
    if not len(owners):
        return np.full(len(job), -1, dtype=np.int64)
    chosen = owners[rng.integers(0, len(owners), len(job))]
    rents = society.has("is_waged")[job] & (rng.random(len(job)) < 0.4)
    return np.where(rents, chosen, -1).astype(np.int64)


def _parents(society: Society, job: Indices, rng: np.random.Generator) -> Indices:
    """Half of those who may support an elder do; each student is supported by an earner."""
    elders = np.flatnonzero(society.has("is_elder")[job])
    earners = np.flatnonzero(society.has("is_earner")[job])
    parents = np.full(len(job), -1, dtype=np.int64)
    if len(elders):
        supports = society.has("is_supporting")[job] & (rng.random(len(job)) < 0.5)
        parents[supports] = elders[rng.integers(0, len(elders), int(supports.sum()))]
    if len(earners):
        students = society.has("is_student")[job]
        parents[students] = earners[rng.integers(0, len(earners), int(students.sum()))]
    return parents


def _birth_years(society: Society, job: Indices, rng: np.random.Generator) -> Indices:
    """Ages by walk of life; no scheme is drawn by age."""
    born = np.array([walk.born for walk in society.walks])
    years: Indices = rng.integers(born[job, 0], born[job, 1] + 1)
    return years
