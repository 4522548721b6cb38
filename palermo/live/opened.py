"""Settings become the stages of the live runtime, each at its exchange."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from kafka import TopicPartition

from alerts.alert import Reproduce
from alerts.kafka_sink import open_kafka_sink
from alerts.progress import Progress
from alerts.store import Store
from detectors.catalogue import Catalogue
from ingest.archive import PartitionedArchive
from ingest.holding import Homes
from ingest.kafka_feed import partition_name
from models.profile import Profiles
from palermo.config import Configuration
from palermo.errors import ConfigurationError
from palermo.folder import ARCHIVE, DATABASE, SNAPSHOTS, Observer, claim_folder
from palermo.live.detecting import DetectStage
from palermo.live.exchange import Exchange
from palermo.live.ingesting import IngestStage
from palermo.live.loop import Loop
from palermo.live.triaging import Opened, Room, TriageStage
from palermo.model_scores import rank_of
from palermo.outlet import TopicOutlet
from palermo.results import Ending, Summary, write_results
from palermo.snapshots import Snapshots
from palermo.wiring import (
    KAFKA,
    Knowing,
    alert_file_of,
    base_folder,
    declared_columns,
    known,
    network_detector_of,
    networks_of,
    profiles_of,
    pseudonyms_of,
    reader_of,
    reproduce_of,
    triage_of,
)

FETCHED_BYTES = {"ingest": 1024 * 1024, "detect": 4 * 1024 * 1024, "triage": 4 * 1024 * 1024}
"""Raw partitions take turns often, or rows of one would come late behind those of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all stages of a process are made from."""

    configuration: Configuration
    knowing: Knowing
    reproduce: Reproduce
    out: Path
    snapshot_seconds: float
    max_reject_share: float
    observer: Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The stages of this process, in the order of the line. triage is None where it runs in
    another, and so is ingest."""

    loops: tuple[Loop, ...]
    ingest: IngestStage | None
    triage: TriageStage | None
    catalogue: Catalogue
    reproduce: Reproduce
    write_results: Callable[[Store, Progress], Summary]


@contextmanager
def opened_stages(
    configuration: Configuration,
    names: tuple[str, ...],
    *,
    config: Path | None,
    out: Path,
    snapshot_seconds: float,
    max_reject_share: float,
    notes: Callable[[frozenset[str]], dict[str, object]],
    observer: Observer,
) -> Iterator[Running]:
    """The stages named, in their groups; they leave them at the end.

    Raises the errors of every stage before anything is written to `out`.
    """
    settings = configuration.settings
    if not settings.kafka.topics:
        raise ConfigurationError("[kafka] topics is empty: name the topics with the bank's rows")
    carried = declared_columns(settings.feed)
    knowing = known(configuration, base_folder(KAFKA, config), carried=carried)
    plan = Plan(
        configuration=configuration,
        knowing=knowing,
        reproduce=reproduce_of(configuration, knowing),
        out=out,
        snapshot_seconds=snapshot_seconds,
        max_reject_share=max_reject_share,
        observer=observer,
    )
    with ExitStack() as stack:
        loops, ingest, triage = list[Loop](), None, None
        claim_folder(out)
        for name in names:
            exchange = _exchange(plan, name)
            stack.callback(exchange.close)
            if name == "ingest":
                stage: IngestStage | DetectStage | TriageStage
                stage = ingest = _ingest(plan, exchange)
            elif name == "detect":
                stage = _detect(plan, exchange)
            else:
                stage = triage = _triage(plan, exchange, notes(carried))
            loop = Loop(name, stage, exchange, observer=_named(observer, name))
            stack.callback(loop.let_go)
            loops.append(loop)
        yield Running(
            loops=tuple(loops),
            ingest=ingest,
            triage=triage,
            catalogue=knowing.catalogue,
            reproduce=plan.reproduce,
            write_results=lambda store, progress: write_results(
                _ending(plan, store), progress, KAFKA
            ),
        )


def _exchange(plan: Plan, name: str) -> Exchange:
    settings = plan.configuration.settings.kafka
    topics = {
        "ingest": settings.topics,
        "detect": (settings.movements_topic,),
        "triage": (settings.findings_topic,),
    }
    return Exchange(
        settings,
        stage=name,
        topics=topics[name],
        fetched_bytes=FETCHED_BYTES[name],
        is_producing=name != "triage",
        observer=_named(plan.observer, name),
    )


def _ingest(plan: Plan, exchange: Exchange) -> IngestStage:
    settings, knowing = plan.configuration.settings, plan.knowing
    count = len(exchange.partitions(settings.kafka.movements_topic))
    if count != settings.kafka.movements_partitions:
        raise ConfigurationError(
            f"[kafka] movements_partitions is {settings.kafka.movements_partitions}, but "
            f"{settings.kafka.movements_topic} has {count}: holders would move; set it to {count}"
        )
    observer = _named(plan.observer, "ingest")
    return IngestStage(
        exchange,
        settings.kafka,
        reader=reader_of(settings.feed, knowing),
        homes=Homes(knowing.references, count),
        archive=PartitionedArchive(plan.out / ARCHIVE),
        new_snapshots=_snapshots(plan, observer),
        with_networks=bool(knowing.catalogue.networks),
        max_reject_share=plan.max_reject_share,
        release=version("palermo"),
        configuration=plan.reproduce.configuration,
        observer=observer,
    )


def _snapshots(plan: Plan, observer: Observer) -> Callable[[TopicPartition], Snapshots]:
    """A partition's, in a folder of its own."""
    return lambda partition: Snapshots(
        plan.out / SNAPSHOTS / partition_name(partition),
        reproduce=plan.reproduce,
        observer=observer,
        clock=time.monotonic,
        seconds_between=plan.snapshot_seconds,
    )


def _detect(plan: Plan, exchange: Exchange) -> DetectStage:
    knowing, observer = plan.knowing, _named(plan.observer, "detect")
    return DetectStage(
        exchange,
        plan.configuration.settings.kafka,
        new_profiles=lambda: profiles_of(plan.configuration, knowing),
        new_snapshots=_snapshots(plan, observer),
        catalogue=knowing.catalogue,
        rank=rank_of(knowing.model, knowing.references),
        observer=observer,
    )


def _triage(plan: Plan, exchange: Exchange, notes: dict[str, object]) -> TriageStage:
    observer = _named(plan.observer, "triage")
    return TriageStage(
        exchange,
        plan.configuration.settings.kafka,
        triage=triage_of(plan.configuration, plan.knowing, plan.reproduce),
        new_room=lambda: Room(
            networks=networks_of(plan.configuration, plan.knowing),
            detector=network_detector_of(plan.knowing),
            transfers=_transfers(plan),
        ),
        new_snapshots=_snapshots(plan, observer),
        open_store=lambda: _opened_store(plan),
        notes=notes,
        observer=observer,
    )


def _transfers(plan: Plan) -> Profiles:
    """An engine that judges nothing: it shows the movements of shapes."""
    feed = plan.configuration.settings.feed
    return Profiles(
        references=plan.knowing.references,
        rates=plan.knowing.rates,
        bundle=plan.knowing.bundle,
        arms=(),
        features=(),
        asks={},
        lateness=feed.lateness,
        own_ledger_accounts=frozenset(feed.own_ledger_accounts),
        is_hour_known=feed.time_precision != "day",
        is_history_complete=feed.history == "complete",
    )


def _opened_store(plan: Plan) -> Opened:
    settings = plan.configuration.settings
    stack = ExitStack()
    try:
        store = stack.enter_context(Store(plan.out / DATABASE, reproduce=plan.reproduce))
        sink = open_kafka_sink(
            settings.kafka, release=version("palermo"), origin=lambda raw_ref: None
        )
        stack.callback(sink.close)
    except BaseException:
        stack.close()
        raise
    is_cleared = settings.sinks.topics.cleared
    pseudonyms = pseudonyms_of(plan.configuration, is_cleared=is_cleared)
    return Opened(store=store, outlet=TopicOutlet(store, sink, pseudonyms), stack=stack)


def _ending(plan: Plan, store: Store) -> Ending:
    return Ending(
        store=store,
        triage=triage_of(plan.configuration, plan.knowing, plan.reproduce),
        catalogue=plan.knowing.catalogue,
        references=plan.knowing.references,
        archive=PartitionedArchive(plan.out / ARCHIVE),
        alert_file=alert_file_of(plan.configuration, plan.out),
        files_read=tuple,
        folder=plan.out,
        observer=plan.observer,
    )


def _named(observer: Observer, stage: str) -> Observer:
    return lambda point: observer(f"{stage}.{point}")
