"""Which proposals are true, and which schemes they find."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from alerts.alert import Alert
from detectors.catalogue import load_typologies
from detectors.typology import Typology
from palermo.quality.labels import Scheme
from palermo.quality.proposals import Proposal, in_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """An alert whose subject is a member of a scheme and that cites a transaction of it. An alert
    on a device or place is on those it gives a part in the scheme."""

    alert: Alert
    scheme: Scheme
    is_suspect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A proposal held against the labels. A true one has at least half its subjects in one crime
    and accuses somebody a correct alert would accuse."""

    proposal: Proposal
    touches: tuple[Touch, ...]
    found: frozenset[str]
    """The schemes it finds; none if it is false."""

    @property
    def is_true(self) -> bool:
        return bool(self.found)

    @property
    def accuses_bystanders_only(self) -> bool:
        """Its alerts cite a scheme, but are on payers or possible victims of it."""
        return bool(self.touches) and not any(touch.is_suspect for touch in self.touches)


class Matcher:
    """Holds proposals against these schemes."""

    def __init__(self, schemes: Iterable[Scheme]) -> None:
        self._of_party: Mapping[str, Sequence[Scheme]] = _by_party(schemes)

    def match(self, proposal: Proposal) -> Match:
        """The proposal with every scheme its alerts touch and those it finds."""
        touches = tuple(touch for alert in proposal.alerts for touch in self._touches(alert))
        return Match(proposal=proposal, touches=touches, found=_found(proposal, touches))

    def _touches(self, alert: Alert) -> Iterable[Touch]:
        cited = {each for hit in alert.typologies for each in hit.transaction_ids}
        cited.update(each for fact in alert.facts for each in fact.transaction_ids)
        named = _named(alert)
        schemes = {s.scheme_id: s for name in sorted(named) for s in self._of_party.get(name, ())}
        for scheme in schemes.values():
            if not scheme.transaction_ids.isdisjoint(cited):
                yield Touch(alert=alert, scheme=scheme, is_suspect=_accuses(scheme, named))


def first_alerts(matches: Iterable[Match]) -> dict[str, Alert]:
    """For each scheme that is found, the earliest alert that accuses a suspect of it."""
    first: dict[str, Alert] = {}
    for touch in finding_touches(matches):
        known = first.setdefault(touch.scheme.scheme_id, touch.alert)
        first[touch.scheme.scheme_id] = min(known, touch.alert, key=in_time)
    return first


def finding_touches(matches: Iterable[Match]) -> Iterable[Touch]:
    """The touches by which schemes are found."""
    for match in matches:
        for touch in match.touches:
            if touch.is_suspect and touch.scheme.scheme_id in match.found:
                yield touch


def _by_party(schemes: Iterable[Scheme]) -> dict[str, list[Scheme]]:
    found: dict[str, list[Scheme]] = defaultdict(list)
    for scheme in schemes:
        names = {name for member in scheme.members for name in (member.party, member.account)}
        for name in names - {None}:
            found[str(name)].append(scheme)
    return found


def _named(alert: Alert) -> frozenset[str]:
    if alert.subject.kind in ("device", "place", "contact"):
        return frozenset(r.party for r in alert.roles if r.role != "payer")
    return frozenset({alert.subject.id})


def _accuses(scheme: Scheme, named: frozenset[str]) -> bool:
    """Of a scheme whose suspects no account shows, those it uses stand for them; so does a child
    whose account is used: the typology that finds it never accuses anybody else."""
    suspects = [m for m in scheme.members if m.is_suspect]
    accused = suspects if suspects and scheme.typology not in _child_rules() else scheme.members
    return any(not named.isdisjoint((m.party, m.account)) for m in accused)


@cache
def _child_rules() -> frozenset[str]:
    """Typologies whose alerts are on the child that must be protected."""
    return frozenset(
        identity
        for identity, definition in load_typologies().items()
        if isinstance(definition, Typology) and definition.is_child_rule
    )


def _found(proposal: Proposal, touches: Iterable[Touch]) -> frozenset[str]:
    """Schemes of a crime that holds half the proposal's subjects, through a suspect of theirs."""
    subjects: dict[str, set[str]] = defaultdict(set)
    accused: dict[str, set[str]] = defaultdict(set)
    for touch in touches:
        subjects[touch.scheme.crime].add(f"{touch.alert.subject.kind}:{touch.alert.subject.id}")
        if touch.is_suspect:
            accused[touch.scheme.crime].add(touch.scheme.scheme_id)
    return frozenset(
        scheme
        for crime, schemes in accused.items()
        if 2 * len(subjects[crime]) >= len(proposal.subjects)
        for scheme in schemes
    )
