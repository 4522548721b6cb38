"""An independent checker of the live runtime: it reads topics and store, decodes by itself, and
tells what was lost and what was doubled on the way."""

import json
import sqlite3
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
from kafka import KafkaConsumer, TopicPartition

from ingest.kafka_settings import KafkaSettings

SIDES = ("orig", "benef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Which bank holds each account, which banks report, and who reports where a row says
    nothing."""

    banks: Mapping[str, str]
    connected: frozenset[str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All committed messages of the five topics, and the store's open alerts by id (revision and
    whether each revision is marked as published). late: transactions known to have come too
    late."""

    raw: Sequence[Any]
    movements: Sequence[Any]
    findings: Sequence[Any]
    alerts: Sequence[Any]
    letters: Sequence[Any]
    revisions: Mapping[str, int]
    unpublished: int
    book: Book
    late: frozenset[str]


def seen(
    settings: KafkaSettings, database: Path, feed: Path, *, late: frozenset[str] = frozenset()
) -> Seen:
    """What is there now; `feed`: the folder with the feed's accounts and settings; `late`: ids of
    transactions that are to be found too late."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        revisions = dict(
            store.execute("select alert_id, max(revision) from alert_history group by 1")
        )
        (unpublished,) = store.execute(
            "select count(*) from alert_history where not is_published"
        ).fetchone()
    return Seen(
        raw=[m for topic in settings.topics for m in _messages(settings, topic)],
        movements=_messages(settings, settings.movements_topic),
        findings=_messages(settings, settings.findings_topic),
        alerts=_messages(settings, settings.alerts_topic),
        letters=_messages(settings, settings.deadletters_topic),
        revisions=revisions,
        unpublished=unpublished,
        book=_book(feed),
        late=late,
    )


def faults(found: Seen) -> list[str]:
    """One sentence for each thing lost or doubled; none if all is well."""
    return [
        *_offsets_taken(found),
        *_rows_and_letters(found),
        *_sides(found),
        *_alerts(found),
    ]


def _offsets_taken(found: Seen) -> Iterator[str]:
    """Every raw offset lies in exactly one range that was taken in."""
    times = Counter(
        (taken["partition"], offset)
        for taken in _taken(found)
        for offset in range(taken["first"], taken["last"] + 1)
    )
    for message in found.raw:
        count = times[f"{message.topic}-{message.partition}", message.offset]
        if count != 1:
            place = f"{message.topic}-{message.partition}@{message.offset}"
            yield f"{place}: taken in {count} times"


def _rows_and_letters(found: Seen) -> Iterator[str]:
    # A message without a line is one empty row, and has its fate too.
    rows = sum(max(1, sum(map(bool, map(bytes.strip, lines)))) for lines in _lines(found))
    fates = Counter[str]()
    for taken in _taken(found):
        fates.update(taken["fates"])
    if rows != fates.total():
        yield f"{rows} rows in, {fates.total()} with a fate"
    if fates["late"] != len(found.late):
        yield f"{len(found.late)} came too late, {fates['late']} were found so"
    # Beside the letters lie notes of those that were sent again.
    names = Counter(
        _header(letter, "ce_id")
        for letter in found.letters
        if not _header(letter, "dlq_sent_again")
    )
    if len(names) != fates["reject"]:
        yield f"{fates['reject']} rejects, {len(names)} dead letters"
    yield from (f"dead letter {name}: {count} times" for name, count in names.items() if count > 1)


def _sides(found: Seen) -> Iterator[str]:
    """Every side of every good row is there once, whatever the partition: what was added of it
    less what was taken back."""
    times = Counter[tuple[str, str]]()
    for message in found.movements:
        if message.value:
            for row in pa.ipc.open_stream(message.value).read_all().to_pylist():
                name = f"{row['txn_hi']:016x}{row['txn_lo']:016x}"
                for side in SIDES:
                    if row[f"{side}_holds"]:
                        times[name, side] += 1 if "reference" in row else -1
    expected = {
        (blake2b(f"{source}\0{row['txn_id']}".encode(), digest_size=16).hexdigest(), side)
        for row in _good_rows(found)
        for source in [row.get("source_id", found.book.source)]
        for side in SIDES
        if _counts(row, side, source, found.book)
    }
    yield from (f"{name} {side}: did not arrive" for name, side in sorted(expected - times.keys()))
    yield from (
        f"{name} {side}: is there {count} times"
        for (name, side), count in sorted(times.items())
        if count != 1
    )


def _counts(row: dict[str, Any], side: str, source: str, book: Book) -> bool:
    """An account's movements come from the bank that holds it, if that one is connected."""
    account = row.get(f"{side}_account_id")
    if not account:
        return False
    bank = book.banks.get(account, row.get(f"{side}_agent_bic"))
    return bank is None or bank == source or bank not in book.connected


def _alerts(found: Seen) -> Iterator[str]:
    events = Counter(_header(message, "ce_id") for message in found.alerts)
    yield from (f"alert {name}: told {count} times" for name, count in events.items() if count > 1)
    for alert, last in found.revisions.items():
        for revision in range(1, last + 1):
            if f"{alert}.{revision}" not in events:
                yield f"alert {alert}.{revision}: in the store, never told"
    if found.unpublished:
        yield f"{found.unpublished} revisions wait in the outbox"


def _lines(found: Seen) -> Iterator[list[bytes]]:
    return (message.value.split(b"\n") for message in found.raw)


def _book(feed: Path) -> Book:
    settings = tomllib.loads((feed / "palermo.toml").read_text())["feed"]
    accounts = map(json.loads, (feed / "accounts.ndjson").read_text().splitlines())
    return Book(
        banks={
            each["account_id"]: each["institution"] for each in accounts if "institution" in each
        },
        connected=frozenset(settings.get("connected", ())),
        source=settings["source_id"],
    )


def _good_rows(found: Seen) -> Iterator[dict[str, Any]]:
    for lines in _lines(found):
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            is_row = isinstance(row, dict) and "txn_id" in row and "amount" in row
            if is_row and row["txn_id"] not in found.late:
                yield row


def _taken(found: Seen) -> Iterator[dict[str, Any]]:
    for message in found.findings:
        for name, body in message.headers:
            if name == "taken":
                yield json.loads(body)


def _header(message: Any, name: str) -> str:
    return next((value.decode() for key, value in message.headers if key == name), "")


def _messages(settings: KafkaSettings, topic: str) -> list[Any]:
    with closing(
        KafkaConsumer(
            bootstrap_servers=list(settings.bootstrap),
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
    ) as consumer:
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        found: list[Any] = []
        while any(consumer.position(each) < ends[each] for each in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                found += records
    return found


def planted(found: Seen, *, losing: Iterable[Any] = (), doubling: Iterable[Any] = ()) -> Seen:
    """The same with some messages gone from, or twice in, whichever topic they are of."""
    lost, twice = list(map(id, losing)), list(doubling)

    def changed(messages: Sequence[Any]) -> list[Any]:
        kept = [each for each in messages if id(each) not in lost]
        return kept + [each for each in twice if any(each is one for one in messages)]

    return Seen(
        raw=found.raw,
        movements=changed(found.movements),
        findings=changed(found.findings),
        alerts=changed(found.alerts),
        letters=changed(found.letters),
        revisions=found.revisions,
        unpublished=found.unpublished,
        book=found.book,
        late=found.late,
    )
