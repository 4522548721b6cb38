"""What a finished run leaves beside the database: alerts, summary and one receipt a file."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl

from alerts.alert import Alert
from alerts.file_sink import FileSink
from alerts.progress import Progress
from alerts.store import Store, StoreTransaction
from alerts.triage import Triage
from detectors.catalogue import Catalogue
from detectors.testability import blind_spots, is_blind
from detectors.typology import GatheringTypology
from ingest.archive import ArchivedRows
from ingest.file_feed import FileRead
from ingest.pricing import NO_RATE
from ingest.reference import References
from ingest.transaction import FATES
from palermo.evidence import freeze
from palermo.folder import RECEIPTS, REJECTS, SUMMARY, Observer, said_plainly, write_whole
from palermo.pipeline import Line, seconds_spent

AMOUNT = pl.Decimal(38, 18)
"""Amounts have at most 18 digits; sums stay exact."""


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    total: int
    by_typology: dict[str, int]
    by_severity: dict[str, int]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """summary.json: a whole run on one page."""

    input: str
    fates: dict[str, int]
    alerts: AlertCounts
    case_proposals: int
    cleared: dict[str, dict[str, int]]
    not_testable: dict[str, list[str]]
    seconds: float
    rows_per_second: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken from one input. `sums` is money by currency over the scored rows, exact
    decimal text; `without_rate` counts those whose currency had no exchange rate. sha256 and
    size_bytes are of the bytes as they lie; None for what is no file."""

    input: str
    sha256: str | None
    size_bytes: int | None
    rows: int
    fates: dict[str, int]
    sums: dict[str, str]
    without_rate: dict[str, int]
    blind: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What the archive holds of one input."""

    fates: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)
    without_rate: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the results of a run are written from and with."""

    store: Store
    triage: Triage
    catalogue: Catalogue
    references: References
    archive: ArchivedRows
    alert_file: FileSink
    files_read: Callable[[], Sequence[FileRead]]
    folder: Path
    observer: Observer


def ending_of(line: Line) -> Ending:
    return Ending(**{each.name: getattr(line, each.name) for each in fields(Ending)})


def write_results(line: Ending, progress: Progress, feed_name: str) -> Summary:
    """The summary of what is now in the folder."""
    taken = _taken_by_origin(line.archive)
    with line.store.transaction() as transaction:
        alerts = line.triage.final_alerts(transaction)
        freeze(
            transaction,
            alerts,
            catalogue=line.catalogue,
            references=line.references,
            triage=line.triage,
            archive=line.archive,
            progress=progress,
        )
        without_rate = sum((each.without_rate for each in taken.values()), Counter[str]())
        summary = summarise(
            line.catalogue, transaction, progress, alerts, feed_name, without_rate=without_rate
        )
    line.observer("renaming")
    line.alert_file.publish(alerts)
    with said_plainly(line.folder):
        _write_receipts(line, taken)
        text = msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
        write_whole(line.folder / SUMMARY, text, line.observer)
    line.observer("finished")
    return summary


def summarise(
    catalogue: Catalogue,
    transaction: StoreTransaction,
    progress: Progress,
    alerts: Sequence[Alert],
    feed_name: str,
    *,
    without_rate: Mapping[str, int],
) -> Summary:
    """Counts of what is committed; the same again for the same commit."""
    seconds = seconds_spent(progress)
    return Summary(
        input=feed_name,
        fates={fate: progress.fates.get(fate, 0) for fate in FATES},
        alerts=AlertCounts(
            total=len(alerts),
            by_typology=_counted(hit.id for alert in alerts for hit in alert.typologies),
            by_severity=_counted(alert.severity for alert in alerts),
        ),
        case_proposals=len({alert.case_proposal_id for alert in alerts}),
        cleared=transaction.cleared_counts(),
        not_testable=_with_money(
            catalogue, not_testable(catalogue, transaction.untested()), without_rate
        ),
        seconds=seconds,
        rows_per_second=round(progress.rows / seconds) if seconds else 0,
    )


def not_testable(
    catalogue: Catalogue, observed: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """By typology what this feed cannot show, and what `observed` findings could not test."""
    found: dict[str, list[str]] = {}
    for typology in catalogue.typologies.values():
        lacking = list(blind_spots(typology, catalogue.available))
        known = {sentence.split(":")[0] for sentence in lacking}
        lacking += [s for s in observed.get(typology.id, ()) if s.split(":")[0] not in known]
        found[typology.id] = lacking
    for gathering in catalogue.gatherings.values():
        lacking = list(observed.get(gathering.id, ()))
        if is_without_signals(gathering, catalogue):
            lacking.insert(
                0, f"{gathering.gathers}: blind on this feed, so there is none to gather"
            )
        found[gathering.id] = lacking
    return {identity: sorted(lacking) for identity, lacking in sorted(found.items()) if lacking}


def _with_money(
    catalogue: Catalogue, lacking: Mapping[str, list[str]], without_rate: Mapping[str, int]
) -> dict[str, list[str]]:
    """Also the currencies without a rate, for every typology that looks at money."""
    reasons = [
        f"amounts: no exchange rate for {code} ({rows:,} rows); give one in [feed.rates]"
        for code, rows in sorted(without_rate.items())
        if rows
    ]
    found = dict(lacking)
    for typology in catalogue.typologies.values():
        if reasons and any("amount" in each.columns for each in typology.conditions):
            found[typology.id] = sorted([*reasons, *found.get(typology.id, [])])
    return dict(sorted(found.items()))


def blind_typologies(catalogue: Catalogue) -> list[str]:
    """Ids of the typologies that can never fire on this feed."""
    alone = [t.id for t in catalogue.typologies.values() if is_blind(t, catalogue.available)]
    gathered = [g.id for g in catalogue.gatherings.values() if is_without_signals(g, catalogue)]
    return sorted(alone + gathered)


def is_without_signals(gathering: GatheringTypology, catalogue: Catalogue) -> bool:
    """Whether what it gathers cannot fire on this feed, or is switched off."""
    gathered = catalogue.definitions.get(gathering.gathers)
    if isinstance(gathered, GatheringTypology):
        return is_without_signals(gathered, catalogue)
    return gathered is None or is_blind(gathered, catalogue.available)


def _counted(names: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _write_receipts(line: Ending, taken: dict[str, _Taken]) -> None:
    folder = line.folder / RECEIPTS
    folder.mkdir(mode=0o700, exist_ok=True)
    files = {file.name: file for file in line.files_read()}
    for origin, reject_count in _rejects_by_origin(line.folder / REJECTS).items():
        taken.setdefault(origin, _Taken()).fates["reject"] = reject_count
    for origin, of_origin in sorted(taken.items()):
        receipt = Receipt(
            input=origin,
            sha256=files[origin].sha256 if origin in files else None,
            size_bytes=files[origin].bytes if origin in files else None,
            rows=of_origin.fates.total(),
            fates={fate: of_origin.fates[fate] for fate in FATES},
            sums={code: _plain(total) for code, total in sorted(of_origin.sums.items())},
            without_rate={code: n for code, n in sorted(of_origin.without_rate.items()) if n},
            blind=blind_typologies(line.catalogue),
        )
        name = sha256(origin.encode()).hexdigest()[:16] + ".json"
        text = msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"
        write_whole(folder / name, text, line.observer)


def _taken_by_origin(archive: ArchivedRows) -> dict[str, _Taken]:
    taken: dict[str, _Taken] = {}
    has_no_rate = pl.col("quality_flags").list.contains(NO_RATE)
    for frame in archive.read(upto=None):
        counted = (
            frame.group_by(
                pl.col("raw_ref").str.split("#").list.first().alias("origin"), "fate", "currency"
            )
            .agg(
                rows=pl.len(), total=pl.col("amount").cast(AMOUNT).sum(), unpriced=has_no_rate.sum()
            )
            .sort("origin", "fate", "currency")
        )
        for origin, fate, currency, rows, total, unpriced in counted.iter_rows():
            of_origin = taken.setdefault(origin, _Taken())
            of_origin.fates[fate] += rows
            if fate == "scored":
                of_origin.sums[currency] = of_origin.sums.get(currency, Decimal(0)) + total
                of_origin.without_rate[currency] += unpriced
    return taken


class _RejectOrigin(msgspec.Struct):
    raw_ref: str


def _rejects_by_origin(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    with path.open("rb") as lines:
        decoder = msgspec.json.Decoder(_RejectOrigin)
        origins = Counter(decoder.decode(line).raw_ref.split("#")[0] for line in lines)
    return dict(sorted(origins.items()))


def _plain(total: Decimal) -> str:
    text = format(total, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
