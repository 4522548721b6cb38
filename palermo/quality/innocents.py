"""Who is alerted without cause: look-alikes by kind, and groups against the others."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from alerts.alert import Alert
from palermo.quality.intervals import Ratio, Share, ratio, share
from palermo.quality.labels import Groups, Labels
from palermo.quality.matching import Match

FAIR_RATIO = 1.25
"""A group alerted oftener than this, against the others, must be looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikeRow:
    """Members of look-alikes of a kind (None: of all) who are in a proposal without cause."""

    kind: str | None
    proposed: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """False alerts on innocent customers of a group against all other innocent customers."""

    group: str
    ratio: Ratio

    @property
    def is_unfair(self) -> bool:
        """Over the fair ratio, and more than chance would explain."""
        known = self.ratio
        return (known.value or 0.0) > FAIR_RATIO and (known.low or 0.0) > 1.0


def falsely_proposed(matches: Iterable[Match]) -> frozenset[str]:
    """Parties with an alert, in one of these proposals, that cites no scheme they belong to."""
    found: set[str] = set()
    for match in matches:
        grounded = {touch.alert.alert_id for touch in match.touches}
        for alert in match.proposal.alerts:
            if alert.alert_id not in grounded:
                found.update(_parties(alert))
    return frozenset(found)


def look_alike_rows(proposed: Collection[str], labels: Labels) -> list[LookAlikeRow]:
    """All look-alikes, then each kind. A member who is a suspect of a scheme is left out."""
    members: dict[str | None, set[str]] = defaultdict(set)
    for look_alike in labels.look_alikes:
        innocent = set(look_alike.members) - labels.suspects
        members[None] |= innocent
        members[look_alike.kind] |= innocent
    kinds = [None, *sorted(kind for kind in members if kind is not None)]
    return [
        LookAlikeRow(
            kind=kind, proposed=share(len(members[kind].intersection(proposed)), len(members[kind]))
        )
        for kind in kinds
    ]


def group_rows(proposed: Collection[str], labels: Labels) -> list[GroupRow]:
    """Every group that some, but not all, innocent customers belong to."""
    innocent = {
        party: groups
        for party, groups in labels.groups.items()
        if party not in labels.parties_of_schemes
    }
    rows = []
    for name, belongs in _groups(innocent.values()):
        inside = {party for party, groups in innocent.items() if belongs(groups)}
        outside = innocent.keys() - inside
        if inside and outside:
            hits = ratio(
                len(inside.intersection(proposed)),
                len(inside),
                len(outside.intersection(proposed)),
                len(outside),
            )
            rows.append(GroupRow(group=name, ratio=hits))
    return rows


Belongs = Callable[[Groups], bool]


def _groups(known: Collection[Groups]) -> Iterator[tuple[str, Belongs]]:
    yield "remitters", lambda each: each.is_remitter
    yield "night workers", lambda each: each.works_nights
    yield "businesses", lambda each: each.is_business
    for script in sorted({each.script for each in known}):
        yield f"script {script}", _writes(script)
    for province in sorted({each.province for each in known}):
        yield f"province {province}", _lives_in(province)


def _writes(script: str) -> Belongs:
    return lambda each: each.script == script


def _lives_in(province: str) -> Belongs:
    return lambda each: each.province == province


def _parties(alert: Alert) -> set[str]:
    return {alert.subject.id, *alert.customers}
