"""Who may play a part: customers by position, and strangers whose accounts other banks hold."""

from dataclasses import dataclass, field
from hashlib import blake2b
from math import asin, cos, radians, sin, sqrt

import numpy as np
import numpy.typing as npt

from ingest.simulated.country import OTHER_ACCOUNTS, TOWNS
from ingest.simulated.people import Indices, People

FAR_KM = 110.0
OWN_CUSTOMERS = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with an account; party: None where another bank holds it."""

    party: str | None
    account: str
    town: int
    device: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who may play a part, by position: `leads` are used once, walk-ons, who are kept by town,
    again and again."""

    people: People
    leads: list[int]
    walk_ons_of: tuple[Indices, ...]
    _searched: dict[bytes, int] = field(default_factory=dict)
    """By whom was looked for: from where on among the leads there is none of them. Without it every
    search would go through all that earlier ones have left behind."""

    def lead(self) -> Party:
        """Somebody nobody else's scheme is about."""
        return self.at(self.leads.pop())

    def lead_who(self, may: npt.NDArray[np.bool_]) -> Party:
        """The next lead of whom `may` (one entry a person) is true; anybody if there is none."""
        wanted = blake2b(np.packbits(may).tobytes(), digest_size=16).digest()
        last = min(len(self.leads), self._searched.get(wanted, len(self.leads)))
        at = next((n for n in range(last - 1, -1, -1) if may[self.leads[n]]), -1)
        self._searched[wanted] = max(at, 0)
        return self.at(self.leads.pop(at))

    def at(self, who: int) -> Party:
        people = self.people
        return Party(
            party=people.party[who],
            account=people.account[who],
            town=int(people.home[who]),
            device=people.device[who],
        )

    def strangers(self, count: int, rng: np.random.Generator) -> list[Party]:
        """`count` people from anywhere, most of them with an account at another bank."""
        return [self.stranger(int(town), rng) for town in rng.integers(0, len(TOWNS), count)]

    def from_towns(self, count: int, towns: int, rng: np.random.Generator) -> list[Party]:
        """`count` strangers, as evenly as it goes from `towns` subdivisions."""
        chosen = rng.permutation(len(TOWNS))[:towns]
        return [self.stranger(int(chosen[n % towns]), rng) for n in range(count)]

    def stranger(self, town: int, rng: np.random.Generator) -> Party:
        """Two in five are customers of the country's banks who live in that town, if anybody
        does."""
        here = self.walk_ons_of[town]
        if rng.random() < OWN_CUSTOMERS and len(here):
            return self.at(int(rng.choice(here)))
        number = town + len(TOWNS) * int(rng.integers(0, OTHER_ACCOUNTS // len(TOWNS)))
        account = f"X-FICT-{number:06d}"
        return Party(party=None, account=account, town=town, device=None)


def kilometres(one: int, other: int) -> float:
    """Great-circle distance between two towns."""
    a, b = TOWNS[one], TOWNS[other]
    h = (
        sin(radians(b.lat - a.lat) / 2) ** 2
        + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * 6_371.0 * asin(sqrt(h))
