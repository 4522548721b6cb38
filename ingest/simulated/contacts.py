"""Where people live and which number they gave: households, dormitories, village offices share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.people import Indices, People

HOUSEHOLD_SIZES = (0.15, 0.20, 0.25, 0.22, 0.18)
"""Of households, those of one person, of two and so on."""
IN_DORMITORY, AT_OFFICE = 0.35, 0.2
"""Of students, those who live in one; of farmers and elders, those who give the village office."""
DORMITORY_ROOM, VILLAGE = 60, 150
"""People of one dormitory and of one village office, at most."""
WITHOUT_NUMBER = 0.15
"""Of those who share an address, those who give the number of somebody there."""
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Of each person, by position: address and telephone number as the bank has them, hashed; null
    where it has none."""

    address: pl.Series
    phone: pl.Series


def no_contacts(people: People) -> Contacts:
    unknown = pl.repeat(None, len(people), dtype=pl.String, eager=True)
    return Contacts(address=unknown, phone=unknown)


def draw_contacts(
    people: People,
    houses: Sequence[Sequence[str]],
    hands: Sequence[Sequence[str]],
    rng: np.random.Generator,
) -> Contacts:
    """By household but for dormitories and village offices. houses: parties of one address each;
    hands: of one address and one number."""
    host = _by_household(people, rng)
    _gather(host, people, people.are("is_student"), IN_DORMITORY, DORMITORY_ROOM, rng)
    is_rural = people.are("is_earner") & ~people.are("is_business") | people.are("is_elder")
    _gather(host, people, is_rural, AT_OFFICE, VILLAGE, rng)
    for parties in houses:
        at = _positions(people, parties)
        host[at] = at[0]
    is_guest = (host != np.arange(len(people))) & (rng.random(len(people)) < WITHOUT_NUMBER)
    number = np.where(is_guest, host, np.arange(len(people)))
    for parties in hands:
        at = _positions(people, parties)
        host[at] = number[at] = at[0]
    return Contacts(address=_named("H-FICT-", host), phone=_named("P-FICT-", number))


def _positions(people: People, parties: Sequence[str]) -> list[int]:
    found = (people.party.index_of(party) for party in parties)
    return [who for who in found if who is not None]


def _by_household(people: People, rng: np.random.Generator) -> Indices:
    """Of each person one of the household, the same for all of it; households are of one town."""
    order = np.lexsort((rng.permutation(len(people)), people.home))
    sizes = 1 + rng.choice(len(HOUSEHOLD_SIZES), size=len(people), p=HOUSEHOLD_SIZES)
    starts = np.zeros(len(people), dtype=np.bool_)
    first = np.cumsum(sizes) - sizes
    starts[first[first < len(people)]] = True
    starts |= np.diff(people.home[order], prepend=NOBODY) != 0
    host: Indices = np.empty(len(people), dtype=np.int64)
    host[order] = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]]
    return host


def _gather(
    host: Indices,
    people: People,
    may: npt.NDArray[np.bool_],
    share: float,
    most: int,
    rng: np.random.Generator,
) -> None:
    """Puts a share of those that may under one address for every `most` of them in a town."""
    who = np.flatnonzero(may & (rng.random(len(people)) < share))
    who = who[np.argsort(people.home[who], kind="stable")]
    rank = np.arange(len(who)) - np.searchsorted(people.home[who], people.home[who])
    host[who] = who[np.arange(len(who)) - rank % most]


def _named(prefix: str, number: Indices) -> pl.Series:
    return prefix + (pl.Series(number) + 1).cast(pl.String).str.zfill(6)
