"""What a simulated society is made of: walks of life, and the habits of each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Other = Literal[
    "shop",
    "telco",
    "utility",
    "friend",
    "townsfolk",
    "elsewhere",
    "atm",
    "cdm",
    "branch",
    "buyer",
    "abroad",
]

ALL_YEAR = (1.0,) * 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk of life. share: of all people. born: earliest and latest year.

    is_waged: paid by an employer on a payday. is_supporting, is_supported: sends money to, or
    lives on money of, family. may_let: owns rooms that others rent. hires_out: feeds a student.
    """

    occupation: str
    share: float
    usual_income_usd: int
    born: tuple[int, int]
    is_waged: bool = False
    is_supporting: bool = False
    is_elder: bool = False
    is_student: bool = False
    may_let: bool = False
    is_earner: bool = False
    works_nights: bool = False
    is_business: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When something is done. hours: weights of the 24 local hours; weekdays: Monday first."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.2)
    months: tuple[float, ...] = ALL_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Something people do again and again.

    a_month: times a month for each walk of life, in the society's order. median: usual amount in
    units of `currency`; spread: sigma of its logarithm; step: amounts are multiples of it.
    hours: local, from and to, where no rhythm is told. most: what a machine gives at a time; who
    wants more gets that.
    """

    other: Other
    a_month: tuple[float, ...]
    median: int
    spread: float = 0.6
    step: int = 1_000
    most: int | None = None
    hours: tuple[int, int] = (7, 21)
    rhythm: Rhythm | None = None
    currency: str = "LAK"
    txn_type: str = "TRANSFER"
    channel: str = "MOBILE"
    mcc: str | None = None
    purpose: str | None = None
    is_cash: bool = False
    is_credit: bool = False
    is_internal: bool = False
    """Both are customers of this bank, and it says so."""
    countries: tuple[str, ...] = ()
    """From where the other one is, if from abroad; each as often as it stands here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Society:
    """walks and their habits. shops_per_10k: merchants a 10,000 people, at least three a town.

    merchant_skew: 0 says all shops of a town are equal; above, the first of them take most.
    activity_spread: sigma of the logarithm of how much one does of everything. remitter_share: of
    people, those whom anybody abroad sends money.
    """

    walks: tuple[Walk, ...]
    habits: tuple[Habit, ...]
    shops_per_10k: int = 0
    merchant_skew: float = 0.0
    activity_spread: float = 0.0
    remitter_share: float = 1.0
    travel_share: float = 0.0
    """Of what is bought or drawn, away from home."""
    shared_telephones: float = 0.0
    says_conductor: bool = False
    """Who paid cash in is told."""
    tells_contacts: bool = False
    """Banks know addresses and telephone numbers."""
    banks: tuple[tuple[str, float], ...] = (("fict-bank", 1.0),)
    """By name the share of accounts that each bank holds."""

    def has(self, trait: str) -> npt.NDArray[np.bool_]:
        """One entry a walk of life: whether it has the named trait."""
        return np.array([getattr(walk, trait) for walk in self.walks], dtype=np.bool_)


HAMLET = Society(
    walks=(
        Walk(
            occupation="employee",
            share=0.50,
            usual_income_usd=190,
            born=(1968, 2004),
            is_waged=True,
            is_supporting=True,
        ),
        Walk(
            occupation="market vendor",
            share=0.13,
            usual_income_usd=260,
            born=(1962, 2002),
            may_let=True,
            is_earner=True,
        ),
        Walk(
            occupation="farmer",
            share=0.14,
            usual_income_usd=120,
            born=(1960, 2000),
            is_earner=True,
        ),
        Walk(
            occupation="student",
            share=0.12,
            usual_income_usd=60,
            born=(2003, 2007),
            is_student=True,
        ),
        Walk(
            occupation="retired",
            share=0.11,
            usual_income_usd=70,
            born=(1942, 1962),
            is_elder=True,
            may_let=True,
        ),
    ),
    habits=(
        Habit(
            other="shop",
            a_month=(4, 3, 2, 2, 3),
            median=180_000,
            txn_type="CARD_PURCHASE",
            channel="POS",
            mcc="5411",
        ),
        Habit(other="shop", a_month=(6, 5, 3, 5, 2), median=90_000, mcc="5411"),
        Habit(other="shop", a_month=(5, 3, 1, 6, 1), median=60_000, mcc="5812"),
        Habit(other="telco", a_month=(2, 2, 1, 2, 1), median=30_000, step=5_000, mcc="4814"),
        Habit(
            other="utility", a_month=(1, 1, 0.5, 0, 1), median=200_000, mcc="4900", purpose="UBIL"
        ),
        Habit(other="friend", a_month=(1.5, 1.5, 0.5, 2, 0.3), median=200_000, step=10_000),
        Habit(
            other="atm",
            a_month=(3, 2, 1.5, 2, 2),
            median=800_000,
            step=100_000,
            txn_type="CASH_WITHDRAWAL",
            channel="ATM",
            is_cash=True,
        ),
        Habit(
            other="cdm",
            a_month=(0, 4, 0, 0, 0),
            median=5_000_000,
            step=50_000,
            hours=(16, 20),
            txn_type="CASH_DEPOSIT",
            channel="CDM",
            is_cash=True,
            is_credit=True,
        ),
        Habit(other="friend", a_month=(0, 14, 0, 0, 0), median=120_000, is_credit=True),
        Habit(
            other="buyer",
            a_month=(0, 0, 0.8, 0, 0),
            median=6_000_000,
            step=50_000,
            purpose="GDDS",
            is_credit=True,
        ),
        Habit(
            other="abroad",
            a_month=(0.1, 0, 0.3, 0.2, 0.6),
            median=2_500_000,
            step=10_000,
            txn_type="REMITTANCE_PAYOUT",
            channel="MTO_COUNTER",
            is_credit=True,
        ),
    ),
)
"""A few dozen people whose life is told row by row: the demo feed's."""
