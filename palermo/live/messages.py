"""What the stages write to each other: headers and values of the topics in between."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import polars as pl

from alerts.alert import ModelScore
from detectors.finding import Finding, TriggerKey
from ingest.clocks import Clock
from ingest.kafka_feed import Record
from ingest.narrow import packed, unpacked
from models.evaluated import LEDGER, NO_LEDGER, REPLACES

Headers = tuple[tuple[str, bytes], ...]


Kind = Literal["movements", "intake", "findings"]

LARGEST_STEP_BYTES = 600_000
REPLACES_AT_ONCE = 8_000


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What ingest made of some messages of a raw partition, first to last offset: rows by fate."""

    partition: str
    first: int
    last: int
    rows: int
    fates: dict[str, int]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says of a finding's trigger."""

    holder: str
    trigger: TriggerKey
    score: ModelScore


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what an engine judged: complete for the holders it names. replaces and ledger:
    REPLACES and LEDGER rows, as Arrow IPC; no bytes for a ledger without any."""

    findings: tuple[Finding, ...]
    replaces: bytes
    ledger: bytes
    scores: tuple[Scored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that an engine judged of some messages."""

    findings: Sequence[Finding]
    replaces: pl.DataFrame
    ledger: pl.DataFrame
    scores: Mapping[tuple[str, TriggerKey], ModelScore]


def headers(kind: Kind, clocks: Iterable[Clock] = (), taken: Iterable[Taken] = ()) -> Headers:
    """Of a message: one header for each clock and each that was taken in."""
    return (
        ("kind", kind.encode()),
        ("schema_version", b"1"),
        *(("clock", msgspec.json.encode(clock)) for clock in clocks),
        *(("taken", msgspec.json.encode(each)) for each in taken),
    )


def kind_of(record: Record) -> str:
    return next(_headers(record, "kind"), b"").decode()


def clocks_of(records: Iterable[Record]) -> list[Clock]:
    """The clocks that came with some messages."""
    bodies = (body for record in records for body in _headers(record, "clock"))
    return [msgspec.json.decode(body, type=Clock) for body in bodies]


def taken_of(record: Record) -> list[Taken]:
    """What a message says was taken in."""
    return [msgspec.json.decode(body, type=Taken) for body in _headers(record, "taken")]


def steps(judgement: Judgement) -> Iterator[bytes]:
    """The judgement in messages of at most about LARGEST_STEP_BYTES, unless one holder alone needs
    more; each can be applied by itself."""
    by_holder: dict[str, list[Finding]] = {}
    for finding in judgement.findings:
        by_holder.setdefault(finding.holder, []).append(finding)
    for holders in _shared_out(by_holder, judgement.ledger):
        yield _step(judgement, holders, [f for holder in holders for f in by_holder[holder]])
    rest = judgement.replaces.filter(pl.col("holder").is_in(list(by_holder)).not_())
    for first in range(0, rest.height, REPLACES_AT_ONCE):
        yield msgspec.msgpack.encode(
            Step(
                findings=(),
                replaces=packed(rest.slice(first, REPLACES_AT_ONCE)),
                ledger=b"",
                scores=(),
            )
        )


def judgement_in(value: bytes) -> Judgement:
    """What `steps` wrote."""
    step = _STEP.decode(value)
    return Judgement(
        findings=step.findings,
        replaces=unpacked(step.replaces, REPLACES),
        ledger=unpacked(step.ledger, LEDGER) if step.ledger else NO_LEDGER,
        scores={(each.holder, each.trigger): each.score for each in step.scores},
    )


def joined(judgements: Iterable[Judgement]) -> Iterator[Judgement]:
    """As few judgements, one after the other. Those of other holders are joined, for they change
    nothing of each other; what is judged anew of a holder comes after what was judged before."""
    waiting, named = list[Judgement](), set[str]()
    for judgement in judgements:
        own = _named(judgement)
        if named & own:
            yield _together(waiting)
            waiting, named = [], set()
        waiting.append(judgement)
        named |= own
    if waiting:
        yield _together(waiting)


def _named(judgement: Judgement) -> set[str]:
    return {*judgement.replaces["holder"].unique(), *judgement.ledger["holder"].unique()}.union(
        finding.holder for finding in judgement.findings
    )


def _together(judgements: Sequence[Judgement]) -> Judgement:
    return Judgement(
        findings=[finding for each in judgements for finding in each.findings],
        replaces=pl.concat(each.replaces for each in judgements),
        ledger=pl.concat(each.ledger for each in judgements),
        scores={key: score for each in judgements for key, score in each.scores.items()},
    )


_STEP = msgspec.msgpack.Decoder(Step)
LEDGER_ROW_BYTES = 300


def _shared_out(by_holder: dict[str, list[Finding]], ledger: pl.DataFrame) -> Iterator[list[str]]:
    """Holders in groups that fit in a message."""
    rows = dict(ledger.group_by("holder").len().iter_rows())
    group, size = list[str](), 0
    for holder, findings in by_holder.items():
        own = rows.get(holder, 0) * LEDGER_ROW_BYTES + len(msgspec.msgpack.encode(findings))
        if group and size + own > LARGEST_STEP_BYTES:
            yield group
            group, size = [], 0
        group.append(holder)
        size += own
    if group:
        yield group


def _step(judgement: Judgement, holders: Sequence[str], findings: Sequence[Finding]) -> bytes:
    is_theirs = pl.col("holder").is_in(list(holders))
    cited = {citation.holder for finding in findings for citation in finding.citations}
    return msgspec.msgpack.encode(
        Step(
            findings=tuple(findings),
            replaces=packed(judgement.replaces.filter(is_theirs)),
            ledger=packed(judgement.ledger.filter(pl.col("holder").is_in(cited))),
            scores=tuple(_scores(judgement, findings)),
        )
    )


def _scores(judgement: Judgement, findings: Iterable[Finding]) -> Iterator[Scored]:
    for holder, trigger in dict.fromkeys((each.holder, each.trigger) for each in findings):
        score = judgement.scores.get((holder, trigger))
        if score is not None:
            yield Scored(holder=holder, trigger=trigger, score=score)


def _headers(record: Record, name: str) -> Iterator[bytes]:
    return (value for key, value in record.headers if key == name)
