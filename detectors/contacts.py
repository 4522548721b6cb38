"""Customers who gave the same two contacts: a number and an address, a device and a number."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from ingest.reference import Customer

HUB_CUSTOMERS = 50
"""A number, address or device of more is a village office's, a dormitory's, an agent's."""
LEAST_SHARED = 3
"""A pair of contacts that fewer gave gathers nothing."""


def shared_pairs(customers: Mapping[str, Customer]) -> dict[str, tuple[str, ...]]:
    """By party, the pairs of contacts of different kinds, hubs left out, that it shares with at
    least two others, in order."""
    held = Counter(contact for each in customers.values() for contact in _contacts(each))
    parties: dict[str, list[str]] = defaultdict(list)
    for party, customer in customers.items():
        for pair in _pairs(customer, held):
            parties[pair].append(party)
    found: dict[str, list[str]] = defaultdict(list)
    for pair in sorted(pair for pair, of in parties.items() if len(of) >= LEAST_SHARED):
        for party in parties[pair]:
            found[party].append(pair)
    return {party: tuple(pairs) for party, pairs in found.items()}


def _pairs(customer: Customer, held: Counter[tuple[str, str]]) -> Iterator[str]:
    shared = [each for each in _contacts(customer) if LEAST_SHARED <= held[each] <= HUB_CUSTOMERS]
    for one, other in combinations(shared, 2):
        if one[0] != other[0]:
            yield f"{one[0]} {one[1]} and {other[0]} {other[1]}"


def _contacts(customer: Customer) -> list[tuple[str, str]]:
    """Kind and value of each, once."""
    given = [
        *(("phone", phone) for phone in customer.phones),
        *(("device", device) for device in customer.devices),
        *([("address", customer.address)] if customer.address else []),
    ]
    return sorted(set(given))
