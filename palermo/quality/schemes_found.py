"""How many schemes are found, how soon, and whether for the right reason."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import Alert
from palermo.quality.intervals import Estimate, Share, quantile, share
from palermo.quality.labels import VARIANTS, Labels, Scheme, Variant
from palermo.quality.matching import Match, finding_touches, first_alerts
from palermo.quality.proposals import line_of_scheme, raised_at

URGENT_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRow:
    """Schemes found; None: all typologies, all variants."""

    typology: str | None
    variant: Variant | None
    recall: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRow:
    """Why schemes of a typology (None: of all) are missed; each counts once, under the first that
    holds. under_cut: a true proposal has a lower score; among_others: a suspect is alerted for it,
    but in a proposal mostly of others; never_completes: it stays under the definition's minimum;
    silent: it completes, and no alert accuses a suspect for it."""

    typology: str | None
    missed: int
    under_cut: int
    among_others: int
    never_completes: int
    silent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayRow:
    """Hours from a moment of the scheme to its first alert (event time), over schemes found;
    negative where the alert is earlier. typology None: all. hours: of each scheme, ascending."""

    typology: str | None
    since: str
    hours: Sequence[float]
    median_hours: Estimate
    p90_hours: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimFigures:
    """Possible victims of the labels. called_controller: by an alert, at any score; called_victim:
    of those that alerts name in any role."""

    called_controller: Share
    called_victim: Share


def recall_rows(matches: Iterable[Match], schemes: Sequence[Scheme]) -> list[RecallRow]:
    """All schemes, each typology, each variant, and each variant of each typology."""
    found = {scheme for each in matches for scheme in each.found}
    typologies = [None, *sorted({scheme.typology for scheme in schemes})]
    return [
        RecallRow(typology=typology, variant=variant, recall=_recall(chosen, found))
        for typology in typologies
        for variant in (None, *VARIANTS)
        if (chosen := _chosen(schemes, typology, variant)) or typology is variant is None
    ]


def missed_rows(
    matches: Iterable[Match], kept: Iterable[Match], schemes: Sequence[Scheme]
) -> list[MissedRow]:
    """Why schemes are missed, overall and by typology. matches: all; kept: those over the cut."""
    every = list(matches)
    found = {scheme for each in kept for scheme in each.found}
    ranked = {scheme for each in every for scheme in each.found}
    accused = {t.scheme.scheme_id for each in every for t in each.touches if t.is_suspect}
    typologies = [None, *sorted({scheme.typology for scheme in schemes})]
    rows = []
    for typology in typologies:
        missed = [s for s in _chosen(schemes, typology, None) if s.scheme_id not in found]
        reasons = Counter(_reason(scheme, ranked, accused) for scheme in missed)
        rows.append(
            MissedRow(
                typology=typology,
                missed=len(missed),
                under_cut=reasons["under_cut"],
                among_others=reasons["among_others"],
                never_completes=reasons["never_completes"],
                silent=reasons["silent"],
            )
        )
    return rows


def delay_rows(matches: Sequence[Match], schemes: Sequence[Scheme], seed: int) -> list[DelayRow]:
    """Delays from the start and from the transaction that completes the definition, overall and
    by typology."""
    first = first_alerts(matches)
    typologies = [None, *sorted({s.typology for s in schemes if s.scheme_id in first})]
    return [
        delay_row(typology, since, _delays(_chosen(schemes, typology, None), since, first), seed)
        for typology in typologies
        for since in ("completes_at", "starts_at")
    ]


def delay_row(typology: str | None, since: str, hours: Iterable[float], seed: int) -> DelayRow:
    """The row of these delays."""
    known = sorted(hours)
    return DelayRow(
        typology=typology,
        since=since,
        hours=known,
        median_hours=quantile(known, 0.5, seed=seed),
        p90_hours=quantile(known, 0.9, seed=seed),
    )


def before_the_end(matches: Sequence[Match], schemes: Collection[Scheme]) -> Share:
    """Of the schemes found, those with an alert before their last transaction."""
    first = first_alerts(matches)
    found = [scheme for scheme in schemes if scheme.scheme_id in first]
    return share(sum(raised_at(first[s.scheme_id]) < s.ends_at for s in found), len(found))


def urgent_in_time(matches: Sequence[Match], schemes: Iterable[Scheme]) -> Share:
    """Of the urgent schemes that complete, those alerted within an hour of it."""
    first = first_alerts(matches)
    urgent = [s for s in schemes if line_of_scheme(s) == "urgent" and s.completes_at is not None]
    return share(sum(_is_in_time(s, first.get(s.scheme_id)) for s in urgent), len(urgent))


def rightly_named(matches: Sequence[Match], schemes: Iterable[Scheme]) -> Share:
    """Of the schemes found, those whose alerts name a typology a correct alert may name."""
    named: dict[str, set[str]] = {}
    for touch in finding_touches(matches):
        hits = {hit.id for hit in touch.alert.typologies}
        named.setdefault(touch.scheme.scheme_id, set()).update(hits)
    found = [scheme for scheme in schemes if scheme.scheme_id in named]
    right = sum(not named[s.scheme_id].isdisjoint(s.typologies) for s in found)
    return share(right, len(found))


def victim_figures(alerts: Iterable[Alert], labels: Labels) -> VictimFigures:
    """What alerts call the possible victims. A party who is a suspect elsewhere is left out."""
    victims = {
        member.party
        for scheme in labels.schemes
        for member in scheme.members
        if member.role == "possible_victim" and member.party not in labels.suspects
    }
    called: dict[str, set[str]] = {}
    for alert in alerts:
        for role in alert.roles:
            if role.party in victims:
                called.setdefault(role.party, set()).add(role.role)
    return VictimFigures(
        called_controller=share(_those_called("possible_controller", called), len(victims)),
        called_victim=share(_those_called("possible_victim", called), len(called)),
    )


def _those_called(role: str, called: Mapping[str, Collection[str]]) -> int:
    return sum(role in roles for roles in called.values())


def _chosen(
    schemes: Iterable[Scheme], typology: str | None, variant: Variant | None
) -> list[Scheme]:
    return [
        scheme
        for scheme in schemes
        if typology in (None, scheme.typology) and variant in (None, scheme.variant)
    ]


def _recall(schemes: Collection[Scheme], found: Collection[str]) -> Share:
    return share(sum(scheme.scheme_id in found for scheme in schemes), len(schemes))


def _reason(scheme: Scheme, ranked: Collection[str], accused: Collection[str]) -> str:
    if scheme.scheme_id in ranked:
        return "under_cut"
    if scheme.scheme_id in accused:
        return "among_others"
    return "never_completes" if scheme.completes_at is None else "silent"


def _delays(schemes: Iterable[Scheme], since: str, first: Mapping[str, Alert]) -> list[float]:
    return [
        _hours(raised_at(first[scheme.scheme_id]) - moment)
        for scheme in schemes
        if scheme.scheme_id in first and (moment := _moment(scheme, since)) is not None
    ]


def _moment(scheme: Scheme, since: str) -> datetime | None:
    return scheme.starts_at if since == "starts_at" else scheme.completes_at


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600


def _is_in_time(scheme: Scheme, alert: Alert | None) -> bool:
    if alert is None or scheme.completes_at is None:
        return False
    return raised_at(alert) - scheme.completes_at <= URGENT_WITHIN
