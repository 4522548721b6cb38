"""Who is declared as related to whom, in either direction."""

from collections.abc import Callable, Iterable

from ingest.reference import References

Relations = Callable[[str], frozenset[str]]
NOBODY: frozenset[str] = frozenset()


def declared_relations(references: References) -> Relations:
    """The parties declared as related to a party."""
    related: dict[str, set[str]] = {}
    for party, customer in references.customers.items():
        for other in customer.related:
            related.setdefault(party, set()).add(other)
            related.setdefault(other, set()).add(party)
    frozen = {party: frozenset(others) for party, others in related.items()}
    return lambda party: frozen.get(party, NOBODY)


def households(parties: Iterable[str], relations: Relations) -> int:
    """How many groups the parties form that no declared relation joins."""
    remaining, groups = set(parties), 0
    while remaining:
        groups += 1
        reached = {remaining.pop()}
        while reached:
            kin = relations(reached.pop()) & remaining
            remaining -= kin
            reached |= kin
    return groups
