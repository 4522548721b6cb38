"""What came in against what came out as each fate, per range of offsets, from the topics alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ingest.kafka_feed import rows_in
from ingest.kafka_settings import KafkaSettings
from ingest.transaction import FATES
from palermo.config import load_settings
from palermo.dead_letters import SENT_AGAIN
from palermo.errors import CheckFailed
from palermo.live.messages import Taken, taken_of
from palermo.printing import console, print_json, table
from palermo.topic_read import records_in


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A raw partition's offsets, first to last, as they were taken in. rows_in: as the raw topic
    has them; waiting: rows behind the last offset taken in; faults: what does not add up."""

    partition: str
    first: int
    last: int
    rows_in: int
    fates: dict[str, int]
    dead_letters: int
    waiting: int
    faults: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the topics hold: rows by raw partition and offset, what was taken in, and dead letters
    by the raw partition they came from."""

    rows: Mapping[str, Mapping[int, int]]
    taken: Sequence[Taken]
    letters: Mapping[str, int]


def show_counts(config: Path | None, *, as_json: bool) -> None:
    """Prints the counts. Raises CheckFailed if anything does not add up."""
    found = counts(evidence_in(load_settings(config).settings.kafka))
    if as_json:
        print_json(found)
    else:
        headings = ("partition", "offsets", "rows", *FATES, "letters", "waiting", "")
        rows = [
            (
                each.partition,
                f"{each.first}-{each.last}",
                f"{each.rows_in:,}",
                *(f"{each.fates.get(fate, 0):,}" for fate in FATES),
                f"{each.dead_letters:,}",
                f"{each.waiting:,}",
                "; ".join(each.faults) or "adds up",
            )
            for each in found
        ]
        console().print(table(headings, rows))
    faults = [f"{each.partition}: {fault}" for each in found for fault in each.faults]
    if faults:
        raise CheckFailed(*faults)


def counts(evidence: Evidence) -> list[Count]:
    """One for each raw partition of which anything is known."""
    by_partition: dict[str, list[Taken]] = {name: [] for name in evidence.rows}
    for taken in evidence.taken:
        by_partition.setdefault(taken.partition, []).append(taken)
    return [
        _count(name, sorted(taken, key=lambda each: each.first), evidence)
        for name, taken in sorted(by_partition.items())
    ]


def evidence_in(settings: KafkaSettings) -> Evidence:
    """Reads the raw topics, the findings and the dead letters from beginning to end.

    Raises DependencyUnreachable if no broker answers.
    """
    rows: dict[str, dict[int, int]] = {}
    letters = Counter[str]()
    for topic in settings.topics:
        for record in records_in(settings, topic):
            of_partition = rows.setdefault(f"{record.topic}-{record.partition}", {})
            of_partition[record.offset] = len(rows_in((record,)))
    taken = [
        each
        for record in records_in(settings, settings.findings_topic)
        for each in taken_of(record)
    ]
    for record in records_in(settings, settings.deadletters_topic):
        named = dict(record.headers)
        if SENT_AGAIN not in named:
            # Where it lay when it was put aside, not where it came from at first.
            place = named["dlq_where"].decode().partition("@")[0]
            letters[place.replace("/", "-")] += 1
    return Evidence(rows=rows, taken=taken, letters=letters)


def _count(name: str, taken: Sequence[Taken], evidence: Evidence) -> Count:
    rows = evidence.rows.get(name, {})
    fates = Counter[str]()
    for each in taken:
        fates.update(each.fates)
    last = max((each.last for each in taken), default=-1)
    return Count(
        partition=name,
        first=min((each.first for each in taken), default=0),
        last=last,
        rows_in=sum(count for offset, count in rows.items() if offset <= last),
        fates=dict(fates),
        dead_letters=evidence.letters.get(name, 0),
        waiting=sum(count for offset, count in rows.items() if offset > last),
        faults=list(_faults(taken, rows, fates, evidence.letters.get(name, 0))),
    )


def _faults(
    taken: Sequence[Taken], rows: Mapping[int, int], fates: Mapping[str, int], letters: int
) -> Iterator[str]:
    kept_from = min(rows, default=0)
    for each in taken:
        held = sum(rows.get(offset, 0) for offset in range(each.first, each.last + 1))
        if each.first >= kept_from and held != each.rows:
            yield f"offsets {each.first}-{each.last}: {held} rows in, {each.rows} taken in"
        if sum(each.fates.values()) != each.rows:
            yield f"offsets {each.first}-{each.last}: {each.rows} rows, fates {each.fates}"
    after = -1
    for each in taken:
        if each.first <= after:
            yield f"offsets {each.first}-{min(after, each.last)} were taken in twice"
        missed = sum(rows.get(offset, 0) for offset in range(after + 1, each.first))
        if after >= 0 and missed:
            yield f"offsets {after + 1}-{each.first - 1}: {missed} rows were not taken in"
        after = max(after, each.last)
    before = sum(rows.get(offset, 0) for offset in range(kept_from, taken[0].first)) if taken else 0
    if before:
        yield f"{before} rows before offset {taken[0].first} were not taken in"
    if fates.get("reject", 0) != letters:
        yield f"{fates.get('reject', 0)} rejects, {letters} dead letters"
