"""What is laid into everyday life, with its truth: schemes, look-alikes, and the life they hush."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ingest.reference import Licence
from ingest.simulated.cast import Cast, Party
from ingest.simulated.rows import Row, frame_of

Variant = Literal["textbook", "evasive", "noisy"]
VARIANTS: tuple[Variant, ...] = ("textbook", "evasive", "noisy")

Role = Literal[
    "unknown",
    "possible_victim",
    "possible_controller",
    "collector",
    "mule",
    "facilitator",
    "payer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where something may be planted. Days since the epoch; the last is the first after the feed.

    first_day: of the feed; scored_from: no scheme begins before it.
    """

    cast: Cast
    first_day: int
    scored_from: int
    last_day: int

    def start(self, length: int, rng: np.random.Generator) -> int:
        """A first day that leaves room for `length` days, if there is any."""
        room = max(1, self.last_day - self.scored_from - length)
        return self.scored_from + int(rng.integers(0, room))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A part in a scheme. is_suspect: a correct alert accuses them."""

    party: str
    account: str
    role: Role
    is_suspect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Everyday life of an account that does not happen from one day until another.

    kept: the share of its rows that still does.
    """

    account: str
    from_day: int
    until_day: int
    kept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A crime and its truth. typologies: all that a correct alert may name.

    completes_at: event time of the row with which the typology's definition is met first; None
    where it never is. story: the id of the composite it is an act of.
    """

    id: str
    typologies: tuple[str, ...]
    variant: Variant
    members: tuple[Member, ...]
    rows: pl.DataFrame
    completes_at: int | None
    hushes: tuple[Hush, ...] = ()
    opened: tuple[tuple[str, int], ...] = ()
    """Accounts opened for it, and on which day."""
    story: str | None = None
    one_hand: tuple[str, ...] = ()
    """Parties who gave the bank one address and one telephone number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeTold:
    """What is kept of a scheme once its rows are planted. Local microseconds since the epoch."""

    id: str
    typologies: tuple[str, ...]
    variant: Variant
    members: tuple[Member, ...]
    starts_at: int
    completes_at: int | None
    ends_at: int
    story: str | None
    one_hand: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """Innocent life that resembles a scheme."""

    kind: str
    members: tuple[str, ...]
    rows: pl.DataFrame
    licence: Licence | None = None
    is_one_house: bool = False
    """All members live at one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikeTold:
    """What is kept of a look-alike once its rows are planted."""

    kind: str
    members: tuple[str, ...]
    starts_at: int
    ends_at: int
    licence: Licence | None
    is_one_house: bool


def scheme_told(scheme: Scheme) -> SchemeTold:
    times = scheme.rows["event_time"]
    return SchemeTold(
        id=scheme.id,
        typologies=scheme.typologies,
        variant=scheme.variant,
        members=scheme.members,
        starts_at=times[0],
        completes_at=scheme.completes_at,
        ends_at=times[-1],
        story=scheme.story,
        one_hand=scheme.one_hand,
    )


def look_alike_told(each: LookAlike) -> LookAlikeTold:
    times = each.rows["event_time"]
    return LookAlikeTold(
        kind=each.kind,
        members=each.members,
        starts_at=times[0],
        ends_at=times[-1],
        licence=each.licence,
        is_one_house=each.is_one_house,
    )


def member(party: Party, role: Role) -> Member:
    """Payers, possible victims and those of whom nothing is known are never suspects."""
    return Member(
        party=party.party or party.account,
        account=party.account,
        role=role,
        is_suspect=role not in ("payer", "possible_victim", "unknown"),
    )


def told(rows: Sequence[Row]) -> pl.DataFrame:
    """The rows by event time."""
    return frame_of(sorted(rows, key=lambda row: row.event_time))


def look_alike(
    kind: str,
    members: Sequence[Party],
    rows: Sequence[Row],
    licence: Licence | None = None,
    *,
    is_one_house: bool = False,
) -> LookAlike:
    return LookAlike(
        kind=kind,
        members=tuple(party.party or party.account for party in members),
        rows=told(rows),
        licence=licence,
        is_one_house=is_one_house,
    )


def hushed(party: Party, start: int, until: int, variant: Variant) -> tuple[Hush, ...]:
    """How much of their own life goes on meanwhile: in a noisy scheme all of it."""
    kept = {"textbook": 0.02, "evasive": 0.15, "noisy": 1.0}[variant]
    if kept >= 1.0:
        return ()
    return (Hush(account=party.account, from_day=start, until_day=until, kept=kept),)
