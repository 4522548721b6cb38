"""The stage `detect`: an engine for each partition of the movements, findings out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from kafka import TopicPartition

from alerts.alert import ModelScore
from detectors.catalogue import Catalogue
from detectors.finding import Finding, TriggerKey
from ingest import narrow
from ingest.clocks import Clocks
from ingest.kafka_feed import Record, partition_name
from ingest.kafka_settings import KafkaSettings
from ingest.transaction import TransactionBatch
from models.evaluated import Evaluated, together
from models.profile import Profiles
from palermo.folder import Observer
from palermo.judged import holders_since
from palermo.live.exchange import Exchange, Outgoing, Place, Share, Span, replayed
from palermo.live.messages import Judgement, clocks_of, headers, steps
from palermo.model_scores import Rank
from palermo.snapshots import Snapshots, Stages

MESSAGES_AT_ONCE = 500
"""Messages a round: the more of a backlog are judged together, the fewer rows come late behind
those of another raw partition. What is fetched at once bounds it before."""


@dataclass(slots=True, kw_only=True)
class _Engine:
    """A partition of the movements that is ours."""

    profiles: Profiles
    snapshots: Snapshots
    clocks: Clocks = field(default_factory=Clocks)
    begun: int | None = None


class DetectStage:
    """Several engines, each self-contained."""

    def __init__(
        self,
        exchange: Exchange,
        settings: KafkaSettings,
        *,
        new_profiles: Callable[[], Profiles],
        new_snapshots: Callable[[TopicPartition], Snapshots],
        catalogue: Catalogue,
        rank: Rank,
        observer: Observer,
    ) -> None:
        self._exchange, self._settings = exchange, settings
        self._new_profiles, self._new_snapshots = new_profiles, new_snapshots
        self._catalogue, self._rank = catalogue, rank
        self._observer = observer
        self._engines: dict[TopicPartition, _Engine] = {}
        self._coming: dict[TopicPartition, _Engine] = {}

    def most_messages(self) -> int:
        return MESSAGES_AT_ONCE

    @property
    def is_ready(self) -> bool:
        """What is made goes out with every round, or the round does not end."""
        return True

    def take_over(self, partition: TopicPartition) -> Iterator[int | None]:
        """From a snapshot that is no newer than what is committed, and the movements after it with
        output off; without one, from all of them."""
        place = self._exchange.committed(partition)
        engine = _Engine(
            profiles=self._new_profiles(),
            snapshots=self._new_snapshots(partition),
            begun=None if place is None else place.offset,
        )
        self._coming[partition] = engine
        upto = 0 if engine.begun is None else engine.begun
        restored = engine.snapshots.restore(Stages(profiles=engine.profiles), upto=upto)
        # What the topic let go of is older than any profile looks back to.
        start = self._exchange.beginning(partition)
        if restored is not None:
            start = restored.rows
            engine.clocks = Clocks.put_down_in(restored.position)
        if start < upto:
            for records in replayed(self._settings, partition, start=start, upto=upto):
                engine.profiles.absorb(_batch(records, engine.clocks))
                yield None
        self._engines[partition] = self._coming.pop(partition)
        yield start if engine.begun is None else upto

    def let_go(self, partition: TopicPartition) -> None:
        for held in (self._coming, self._engines):
            engine = held.pop(partition, None)
            if engine is not None:
                engine.snapshots.close()

    def advance(
        self, found: Mapping[TopicPartition, Sequence[Record]]
    ) -> frozenset[TopicPartition]:
        for engine in self._engines.values():
            engine.snapshots.advance()
        if not found:
            return frozenset()
        shares = self._judged(dict(sorted(found.items())))
        self._observer("processed")
        given_up = self._exchange.commit(shares)
        self._observer("committed")
        for share in shares:
            for partition, span in share.spans.items():
                if partition not in given_up:
                    self._keep(self._engines[partition], span.upto.offset)
        return given_up

    def _judged(self, found: Mapping[TopicPartition, Sequence[Record]]) -> list[Share]:
        """Of each partition what its engine makes of its messages; the typologies are asked once,
        for a few rows cost as much as many."""
        evaluated = {each: self._evaluated(each, records) for each, records in found.items()}
        every = together(list(evaluated.values()))
        findings = self._catalogue.detect(every)
        scores = dict(self._rank(every, findings))
        lives = {
            holder: each
            for each, of_one in evaluated.items()
            for holder in of_one.features["holder"].unique()
        }
        by_partition = {each: list[Finding]() for each in found}
        for finding in findings:
            by_partition[lives[finding.holder]].append(finding)
        return [
            self._share(each, records, evaluated[each].replaces, by_partition[each], scores)
            for each, records in found.items()
        ]

    def _evaluated(self, partition: TopicPartition, records: Sequence[Record]) -> Evaluated:
        engine = self._engines[partition]
        return engine.profiles.extend(_batch(records, engine.clocks))

    def _share(
        self,
        partition: TopicPartition,
        records: Sequence[Record],
        replaces: pl.DataFrame,
        findings: Sequence[Finding],
        scores: Mapping[tuple[str, TriggerKey], ModelScore],
    ) -> Share:
        engine = self._engines[partition]
        ledger = engine.profiles.ledger(holders_since(findings))
        judgement = Judgement(findings=findings, replaces=replaces, ledger=ledger, scores=scores)
        upto = Place(offset=records[-1].offset + 1, note="")
        return Share(
            spans={partition: Span(begun=engine.begun, upto=upto)},
            messages=[self._message(partition, value) for value in steps(judgement)],
        )

    def _message(self, partition: TopicPartition, value: bytes) -> Outgoing:
        return Outgoing(
            topic=self._settings.findings_topic,
            partition=0,
            key=partition_name(partition).encode(),
            value=value,
            headers=headers("findings"),
        )

    def _keep(self, engine: _Engine, offset: int) -> None:
        """Only what is committed gets into a snapshot."""
        engine.begun = offset
        engine.snapshots.begin(
            Stages(profiles=engine.profiles), rows=offset, position=engine.clocks.position
        )


def _batch(records: Sequence[Record], clocks: Clocks) -> TransactionBatch:
    """What some messages add and take back. A clock alone may lengthen everyone's history."""
    batch = narrow.together(record.value for record in records if record.value)
    return clocks.stamped(clocks_of(records), batch)
