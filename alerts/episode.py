"""Findings on one subject, close enough in time to be looked at together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from alerts.gate import Ground, grounds_from, passes
from alerts.kept import Outline, SubjectKey
from alerts.order import key_time
from detectors.typology import Definition
from ingest.times import MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A subject's uncleared findings in order of trigger, with no gap longer than allowed."""

    subject: SubjectKey
    outlines: Sequence[Outline]

    @property
    def alert_id(self) -> str:
        return alert_id(self.subject, self.outlines[0].order_key)

    @property
    def first_time(self) -> int:
        """Of the first trigger, microseconds since the epoch."""
        return key_time(self.outlines[0].order_key)

    @property
    def last_time(self) -> int:
        return key_time(self.outlines[-1].order_key)


def alert_id(subject: SubjectKey, first_trigger: bytes) -> str:
    """The identity of the alert whose episode starts with this trigger."""
    name = f"{subject.kind}\x00{subject.id}\x00".encode()
    return blake2b(name + first_trigger, digest_size=16).hexdigest()


def fold(outlines: Sequence[Outline], gap: timedelta) -> list[Episode]:
    """The episodes of one subject's findings, given in order of trigger. A gap of exactly `gap`
    does not part them."""
    longest = gap // MICROSECOND
    parts: list[list[Outline]] = []
    for outline in outlines:
        is_new = not parts or _distance(parts[-1][-1], outline) > longest
        if is_new:
            parts.append([])
        parts[-1].append(outline)
    return [Episode(subject=part[0].subject, outlines=part) for part in parts]


def raised_by(episode: Episode, definitions: Mapping[str, Definition]) -> Outline | None:
    """The finding with which the episode passes the gate; None if it does not."""
    known: dict[str, set[str]] = {}
    for outline in episode.outlines:
        texts = known.setdefault(outline.typology, set())
        if outline.grounds in texts:
            continue
        texts.add(outline.grounds)
        if passes(dict(_grounds(known)), definitions):
            return outline
    return None


def strongest(episode: Episode) -> dict[str, Outline]:
    """By typology: the strongest finding, of equal ones the earliest."""
    best: dict[str, Outline] = {}
    for outline in episode.outlines:
        held = best.setdefault(outline.typology, outline)
        if outline.strength > held.strength:
            best[outline.typology] = outline
    return dict(sorted(best.items()))


def _distance(one: Outline, other: Outline) -> int:
    return key_time(other.order_key) - key_time(one.order_key)


def _grounds(known: Mapping[str, set[str]]) -> Iterator[tuple[str, frozenset[Ground]]]:
    for typology, texts in known.items():
        yield typology, frozenset[Ground]().union(*(grounds_from(text) for text in texts))
