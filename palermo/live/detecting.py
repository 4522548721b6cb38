"""The stage `detect`: an engine for each partition of the movements, findings out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kafka import TopicPartition

from detectors.catalogue import Catalogue
from ingest.clocks import Clocks
from ingest.kafka_feed import Record
from ingest.kafka_settings import KafkaSettings
from ingest.narrow import together
from ingest.transaction import TransactionBatch
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
        shares = [self._judged(each, records) for each, records in sorted(found.items())]
        self._observer("processed")
        given_up = self._exchange.commit(shares)
        self._observer("committed")
        for share in shares:
            for partition, span in share.spans.items():
                if partition not in given_up:
                    self._keep(self._engines[partition], span.upto.offset)
        return given_up

    def _judged(self, partition: TopicPartition, records: Sequence[Record]) -> Share:
        engine = self._engines[partition]
        evaluated = engine.profiles.extend(_batch(records, engine.clocks))
        findings = self._catalogue.detect(evaluated)
        judgement = Judgement(
            findings=findings,
            replaces=evaluated.replaces,
            ledger=engine.profiles.ledger(holders_since(findings)),
            scores=dict(self._rank(evaluated, findings)),
        )
        return Share(
            spans={
                partition: Span(
                    begun=engine.begun, upto=Place(offset=records[-1].offset + 1, note="")
                )
            },
            messages=[self._message(partition, value) for value in steps(judgement)],
        )

    def _message(self, partition: TopicPartition, value: bytes) -> Outgoing:
        return Outgoing(
            topic=self._settings.findings_topic,
            partition=0,
            key=_name(partition).encode(),
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
    batch = together(record.value for record in records if record.value)
    return clocks.stamped(clocks_of(records), batch)


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic}-{partition.partition}"
