"""Settings become objects. The only place that names the Kafka feed and sink."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from alerts.alert import Reproduce
from alerts.file_sink import FileSink
from alerts.pseudonym import Pseudonyms
from alerts.relations import declared_relations
from alerts.scoring import ScoreTable, score_table
from alerts.settings import AlertSettings
from alerts.store import Store
from alerts.totals import BaseMoney
from alerts.triage import Triage
from detectors.catalogue import (
    Catalogue,
    RareAt,
    TestGround,
    load_typologies,
    nothing_is_rare,
)
from detectors.contacts import shared_pairs
from detectors.networks import NetworkDetector, registered_firms
from detectors.testability import provided
from detectors.typology import Definition, GatheringTypology
from ingest.archive import Archive
from ingest.archive_feed import ArchiveFeed, is_archive
from ingest.currency import minor_units
from ingest.feed import Feed
from ingest.file_feed import FileFeed
from ingest.intake import Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.reference_feed import read_rates, read_references
from ingest.row_reader import RowReader
from models.bundle import Bundle, load_bundle
from models.networks import Networks
from models.profile import Profiles
from models.shelf import Shelf
from models.trained_model import TrainedModel
from palermo.config import Configuration, DetectorSettings
from palermo.errors import ConfigurationError
from palermo.evidence import Stages
from palermo.folder import ARCHIVE, DATABASE, SNAPSHOTS, Observer, claim_folder
from palermo.model_scores import asks_with_model, features_with_model, rank_of, rare_at
from palermo.outlet import TopicOutlet
from palermo.pipeline import Line, Outlet
from palermo.snapshots import Snapshots

KAFKA = "kafka"
LOOKED_AT_ROWS = 10_000
STANDARD_INPUT = "-"
NO_GAP_DAYS = 100_000.0
PRECISIONS = {
    "us": timedelta(microseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
TRANSACTION_COLUMNS = {
    "place_id": ("place_id", "terminal_id", "branch_id"),
    "orig_region": ("orig_region", "region", "counterparty_region"),
    "benef_region": ("benef_region", "region", "counterparty_region"),
    "orig_country": ("orig_country", "country", "counterparty_country"),
    "benef_country": ("benef_country", "country", "counterparty_country"),
}
"""A transaction's column and the feed's fields it can be made from, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """All slow knowledge of a feed, read before its first row."""

    references: References
    rates: Rates
    bundle: Bundle
    catalogue: Catalogue
    model: TrainedModel | None

    @property
    def hash(self) -> str:
        """Of the bundle and of the model that ranks with it."""
        if self.model is None:
            return self.bundle.hash
        return blake2b(f"{self.bundle.hash} {self.model.id}".encode(), digest_size=16).hexdigest()


def configuration_file(feed: str, config: Path | None) -> Path | None:
    """The palermo.toml to use: the one given, else the one at the feed, else none."""
    if config is not None:
        return config
    beside = base_folder(feed, None) / "palermo.toml"
    return beside if beside.is_file() else None


def base_folder(feed: str, config: Path | None) -> Path:
    """Where relative paths start: the feed's folder; for others and an archive, which is of
    another feed, that of palermo.toml."""
    if feed in (KAFKA, STANDARD_INPUT) or (config is not None and is_archive(feed)):
        return config.parent if config else Path()
    path = Path(feed)
    return path if path.is_dir() else path.parent


def known(
    configuration: Configuration, base: Path, *, carried: frozenset[str] | None = None
) -> Knowing:
    """References, rates, bundle and catalogue for these settings. `carried`: the columns the feed
    brings, if that is known better than by what the settings declare.

    Raises ConfigurationError for typologies that cannot be switched on as asked.
    """
    settings, model = configuration.settings, _model(configuration)
    references, rates = read_references(settings.feed, base), read_rates(settings.feed, base)
    bundle = load_bundle(
        base_currency=settings.feed.base_currency,
        references=references.fingerprint,
        rates=rates.fingerprint,
    )
    return Knowing(
        references=references,
        rates=rates,
        bundle=bundle,
        catalogue=catalogue_of(
            configuration,
            references,
            rates,
            bundle,
            declared_columns(settings.feed) if carried is None else carried,
            rare_at(model, references),
        ),
        model=model,
    )


def catalogue_of(
    configuration: Configuration,
    references: References,
    rates: Rates,
    bundle: Bundle,
    carried: frozenset[str],
    rare: RareAt = nothing_is_rare,
) -> Catalogue:
    """The typologies that are on, knowing what this feed cannot show."""
    settings = configuration.settings
    available = provided(
        carried,
        references,
        time_precision=PRECISIONS[settings.feed.time_precision],
        has_threshold=bool(bundle.thresholds),
        has_usd_rate=bool(bundle.dollar_rates)
        or "USD" in rates.by_currency
        or settings.feed.base_currency == "USD",
    )
    ground = TestGround(
        has_register=bool(references.licences),
        has_relations=any(customer.related for customer in references.customers.values()),
    )
    contacts = shared_pairs(references.customers)
    return Catalogue(enabled_typologies(settings.detectors), available, ground, contacts, rare)


def enabled_typologies(settings: DetectorSettings) -> dict[str, Definition]:
    """Definitions of the typologies that are on, with their overrides."""
    every = load_typologies(settings.parameters)
    if settings.enabled is None:
        return every
    unknown = sorted(set(settings.enabled) - set(every))
    if unknown:
        raise ConfigurationError(
            f"[detectors] enabled: no typology named {', '.join(unknown)}; "
            f"there are {', '.join(every)}"
        )
    chosen = {name: each for name, each in every.items() if name in settings.enabled}
    alone = [
        f"[detectors] enabled: {each.id} gathers {each.gathers}, which is not on; add it"
        for each in chosen.values()
        if isinstance(each, GatheringTypology) and each.gathers not in chosen
    ]
    if alone:
        raise ConfigurationError(*alone)
    return chosen


def _model(configuration: Configuration) -> TrainedModel | None:
    settings = configuration.settings.models
    return None if settings.use is None else Shelf(settings.shelf).load(settings.use)


def carried_columns(settings: FeedSettings, feed: str) -> frozenset[str]:
    """Columns of a transaction that the feed brings.

    A feed without a mapping declares every column, so its first rows are looked at; a column
    that none of them fills is not testable, which is not clean. A topic and standard input can
    be read only once and are taken at their word.
    """
    is_looked_at = feed not in (KAFKA, STANDARD_INPUT) and not settings.columns
    if not is_looked_at or not Path(feed).exists():
        return declared_columns(settings)
    source = ArchiveFeed(Path(feed)) if is_archive(feed) else FileFeed(feed, settings)
    try:
        rates = Rates(base_currency=settings.base_currency)
        intake = Intake(RowReader(settings, References(), rates, Lexicon({})))
        intake.accept(source.poll(at_most=LOOKED_AT_ROWS, wait=1.0))
        return intake.columns_present() - settings.blanked
    finally:
        source.close()


def declared_columns(settings: FeedSettings) -> frozenset[str]:
    """Columns of a transaction that the feed's mapping can fill."""
    declared = settings.declared
    made = {column for column, of in TRANSACTION_COLUMNS.items() if declared.intersection(of)}
    return declared | made


@contextmanager
def opened_line(
    configuration: Configuration,
    *,
    feed: str,
    config: Path | None,
    out: Path,
    is_following: bool,
    observer: Observer,
    clock: Callable[[], float],
    snapshot_seconds: float,
) -> Iterator[Line]:
    """The stages of a run, ready to resume; everything is closed at the end.

    Raises the errors of every stage before anything is written to `out`.
    """
    settings = configuration.settings
    with ExitStack() as stack:
        carried = carried_columns(settings.feed, feed)
        knowing = known(configuration, base_folder(feed, config), carried=carried)
        source = open_feed(configuration, feed, is_following=is_following)
        stack.callback(source.close)
        claim_folder(out)
        reproduce = reproduce_of(configuration, knowing)
        store = stack.enter_context(Store(out / DATABASE, reproduce=reproduce))
        snapshots = Snapshots(
            out / SNAPSHOTS,
            reproduce=reproduce,
            observer=observer,
            clock=clock,
            seconds_between=snapshot_seconds,
        )
        stack.callback(snapshots.close)
        yield Line(
            feed=source,
            intake=intake_of(settings.feed, knowing),
            profiles=profiles_of(configuration, knowing),
            networks=networks_of(configuration, knowing),
            references=knowing.references,
            carried=carried,
            catalogue=knowing.catalogue,
            network_detector=network_detector_of(knowing),
            rank=rank_of(knowing.model, knowing.references),
            triage=triage_of(configuration, knowing, reproduce),
            store=store,
            reproduce=reproduce,
            archive=Archive(out / ARCHIVE),
            snapshots=snapshots,
            alert_file=alert_file_of(configuration, out),
            files_read=source.files_read if isinstance(source, FileFeed) else tuple,
            folder=out,
            outlet=_outlet(configuration, source, store, stack),
            observer=observer,
            clock=clock,
        )


def open_feed(configuration: Configuration, feed: str, *, is_following: bool) -> Feed:
    """The feed a user named: a path, an archive among them, `-` or `kafka`."""
    if feed == KAFKA:
        from ingest.kafka_feed import open_kafka_feed

        return open_kafka_feed(configuration.settings.kafka, follow=is_following)
    if is_archive(feed):
        return ArchiveFeed(Path(feed))
    return FileFeed(feed, configuration.settings.feed)


def intake_of(settings: FeedSettings, knowing: Knowing) -> Intake:
    """What takes rows in by these settings, with nothing taken yet."""
    return Intake(reader_of(settings, knowing))


def reader_of(settings: FeedSettings, knowing: Knowing) -> RowReader:
    """What reads rows by these settings."""
    lexicon = Lexicon(knowing.bundle.terms())
    return RowReader(settings, knowing.references, knowing.rates, lexicon)


def profiles_of(configuration: Configuration, knowing: Knowing) -> Profiles:
    """The engine, empty."""
    feed, catalogue = configuration.settings.feed, knowing.catalogue
    return Profiles(
        references=knowing.references,
        rates=knowing.rates,
        bundle=knowing.bundle,
        arms=catalogue.arms,
        features=features_with_model(catalogue) if knowing.model else catalogue.features,
        asks=asks_with_model(catalogue) if knowing.model else catalogue.asks,
        screens=catalogue.screens,
        fires=catalogue.fires,
        lateness=feed.lateness,
        own_ledger_accounts=frozenset(feed.own_ledger_accounts),
        is_hour_known=feed.time_precision != "day",
        is_history_complete=feed.history == "complete",
    )


def networks_of(configuration: Configuration, knowing: Knowing) -> Networks:
    """The room of transfers, empty."""
    feed = configuration.settings.feed
    return Networks(
        references=knowing.references,
        limits={each.shape: each.limits for each in knowing.catalogue.networks.values()},
        lateness=feed.lateness,
        own_ledger_accounts=frozenset(feed.own_ledger_accounts),
    )


def network_detector_of(knowing: Knowing) -> NetworkDetector:
    """Shapes to findings."""

    def usd_minor(on: date) -> int | None:
        own = knowing.rates.usd_minor(on)
        return knowing.bundle.usd_minor(on) if own is None else own

    return NetworkDetector(
        knowing.catalogue.networks.values(),
        relations=declared_relations(knowing.references),
        firms=registered_firms(knowing.references),
        usd_minor=usd_minor,
    )


def triage_of(configuration: Configuration, knowing: Knowing, reproduce: Reproduce) -> Triage:
    """Findings to alerts, for this house."""
    currency = configuration.settings.feed.base_currency
    return Triage(
        definitions=knowing.catalogue.definitions,
        references=knowing.references,
        settings=configuration.settings.alerts,
        scores=score_table(knowing.bundle),
        money=BaseMoney(currency=currency, digits=minor_units()[currency] or 0),
        reproduce=reproduce,
        house=configuration.settings.house.kind,
    )


def fresh_stages(
    configuration: Configuration, base: Path, *, carried: frozenset[str] | None = None
) -> Stages:
    """Stages to derive one alert again from its part of a feed, which brought these columns."""
    feed, knowing = configuration.settings.feed, known(configuration, base, carried=carried)
    reproduce = reproduce_of(configuration, knowing)
    return Stages(
        intake=intake_of(lenient(feed), knowing),
        profiles=profiles_of(configuration, knowing),
        networks=networks_of(configuration, knowing),
        catalogue=knowing.catalogue,
        network_detector=network_detector_of(knowing),
        rank=rank_of(knowing.model, knowing.references),
        triage=triage_of(configuration, knowing, reproduce),
        reproduce=reproduce,
    )


def lenient(settings: FeedSettings) -> FeedSettings:
    """For a part of a feed, which has gaps the whole did not have: none of them is a wrong date."""
    return settings.model_copy(update={"longest_gap_days": NO_GAP_DAYS})


def reproduce_of(configuration: Configuration, knowing: Knowing) -> Reproduce:
    """What an alert of this release, configuration and bundle is derived with."""
    return Reproduce(
        release=version("palermo"),
        configuration=configuration.hash,
        bundle=knowing.hash,
    )


def triage_for_reading(currency: str) -> Triage:
    """Looks at what a run has kept and judges nothing anew."""
    return Triage(
        definitions=load_typologies(),
        references=References(),
        settings=AlertSettings(),
        scores=ScoreTable(priors={}, default_prior=0.0, cuts={}),
        money=BaseMoney(currency=currency, digits=minor_units()[currency] or 0),
        reproduce=Reproduce(release=version("palermo"), configuration="", bundle=""),
    )


def alert_file_of(configuration: Configuration, out: Path) -> FileSink:
    is_cleared = configuration.settings.sinks.files.cleared
    return FileSink(out, pseudonyms=pseudonyms_of(configuration, is_cleared=is_cleared))


def pseudonyms_of(configuration: Configuration, *, is_cleared: bool) -> Pseudonyms | None:
    """Names for protected parties on a sink whose readers may not see theirs."""
    if is_cleared:
        return None
    return Pseudonyms.from_file(configuration.settings.alerts.pseudonym_key_file)


def _outlet(
    configuration: Configuration, feed: Feed, store: Store, stack: ExitStack
) -> Outlet | None:
    if isinstance(feed, FileFeed | ArchiveFeed):
        return None
    from alerts.kafka_sink import open_kafka_sink
    from ingest.kafka_feed import KafkaFeed

    assert isinstance(feed, KafkaFeed)
    sink = open_kafka_sink(
        configuration.settings.kafka, release=version("palermo"), origin=feed.origin
    )
    stack.callback(sink.close)
    is_cleared = configuration.settings.sinks.topics.cleared
    return TopicOutlet(store, sink, pseudonyms_of(configuration, is_cleared=is_cleared))
