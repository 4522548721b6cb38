"""Who lives in the simulated country. No name, no sex, no nationality: none is ever needed."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.country import KIP_PER_USD, TOWNS

Indices = npt.NDArray[np.int64]

SHOPS_PER_TOWN = 3
WORKERS_PER_EMPLOYER = 60


class Job(IntEnum):
    WORKER = 0
    VENDOR = 1
    FARMER = 2
    STUDENT = 3
    ELDER = 4


JOB_SHARES = (0.50, 0.13, 0.14, 0.12, 0.11)
OCCUPATIONS = ("employee", "market vendor", "farmer", "student", "retired")
USUAL_INCOME_USD = (190, 260, 120, 60, 70)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """One entry a person in every array; towns are positions in TOWNS, -1 says nobody.

    party, account, device: ids as Polars strings, gathered by position. income: kip a month.
    child: who supports this elder (declared as related in `is_declared`), and whom an elder's
    family feeds; landlord: to whom rent goes; employer: position of the firm that pays wages.
    """

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

    def __len__(self) -> int:
        return len(self.home)

    def with_job(self, job: Job) -> Indices:
        return np.flatnonzero(self.job == job)

    @property
    def employers(self) -> int:
        return 1 + len(self) // WORKERS_PER_EMPLOYER


def draw_people(count: int, rng: np.random.Generator) -> People:
    """`count` people with homes, work, income, landlords and parents. Ids are plainly fictional."""
    job = rng.choice(len(Job), size=count, p=JOB_SHARES).astype(np.int64)
    usual = np.array(USUAL_INCOME_USD, dtype=np.float64)[job] * KIP_PER_USD
    home = _homes(count, rng)
    return People(
        party=_ids("C-FICT", count),
        account=_ids("A-FICT", count),
        device=_ids("D-FICT", count),
        home=home,
        job=job,
        income=(usual * rng.lognormal(0.0, 0.35, count) / 50_000).astype(np.int64) * 50_000,
        payday=rng.integers(24, 29, count),
        employer=rng.integers(0, 1 + count // WORKERS_PER_EMPLOYER, count),
        landlord=_landlords(job, rng),
        parent=_parents(job, rng),
        is_declared=rng.random(count) < 0.7,
        birth_year=_birth_years(job, rng),
    )


def _ids(prefix: str, count: int) -> pl.Series:
    return pl.Series([f"{prefix}-{number:06d}" for number in range(1, count + 1)], dtype=pl.String)


def _homes(count: int, rng: np.random.Generator) -> Indices:
    """One person in five lives in the first town, the others anywhere."""
    anywhere = rng.integers(0, len(TOWNS), count)
    return np.where(rng.random(count) < 0.2, 0, anywhere).astype(np.int64)


def _landlords(job: Indices, rng: np.random.Generator) -> Indices:
    """Two workers in five rent; a landlord is any elder or vendor."""
    owners = np.flatnonzero((job == Job.ELDER) | (job == Job.VENDOR))
    if not len(owners):
        return np.full(len(job), -1, dtype=np.int64)
    chosen = owners[rng.integers(0, len(owners), len(job))]
    rents = (job == Job.WORKER) & (rng.random(len(job)) < 0.4)
    return np.where(rents, chosen, -1).astype(np.int64)


def _parents(job: Indices, rng: np.random.Generator) -> Indices:
    """Half the workers support an elder; each student is supported by a farmer or vendor."""
    elders = np.flatnonzero(job == Job.ELDER)
    earners = np.flatnonzero((job == Job.FARMER) | (job == Job.VENDOR))
    parents = np.full(len(job), -1, dtype=np.int64)
    if len(elders):
        supports = (job == Job.WORKER) & (rng.random(len(job)) < 0.5)
        parents[supports] = elders[rng.integers(0, len(elders), int(supports.sum()))]
    if len(earners):
        students = job == Job.STUDENT
        parents[students] = earners[rng.integers(0, len(earners), int(students.sum()))]
    return parents


def _birth_years(job: Indices, rng: np.random.Generator) -> Indices:
    """Ages by walk of life; no scheme is drawn by age."""
    earliest = np.array([1968, 1962, 1960, 2003, 1942])[job]
    latest = np.array([2004, 2002, 2000, 2007, 1962])[job]
    return rng.integers(earliest, latest + 1)
