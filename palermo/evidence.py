"""The rows an alert rests on, frozen when it is written; and the alert derived again from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from alerts import kept
from alerts.alert import Alert, Reproduce, alert_json
from alerts.order import keys_between
from alerts.progress import Progress
from alerts.store import Store, StoreTransaction
from alerts.triage import Triage
from detectors.catalogue import Catalogue
from detectors.finding import Link
from detectors.networks import NetworkDetector
from ingest.archive import ARCHIVED, ArchivedRows
from ingest.intake import Intake
from ingest.reference import References
from ingest.transaction import TransactionBatch
from models.networks import Networks
from models.profile import Profiles
from palermo.folder import DATABASE
from palermo.judged import holders_since, standing
from palermo.model_scores import Rank

SIDES = ("orig_account_id", "benef_account_id", "orig_party_id", "benef_party_id")
MOST_ROWS_UNPACKED = 200_000
"""Some hundred megabytes. A holder's rows are kept once an alert, so together they can be many
times the feed."""
EVER = keys_between(0, (1 << 63) - 1)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """alert: its line in alerts.ndjson. holders: whose movements it rests on. rows: ARCHIVED rows
    of these, as Arrow IPC. history_start and seen_until: of the whole feed at that time."""

    alert: bytes
    holders: tuple[str, ...]
    history_start: datetime | None
    seen_until: datetime | None
    rows: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Fresh stages, as a run would have them."""

    intake: Intake
    profiles: Profiles
    networks: Networks
    catalogue: Catalogue
    network_detector: NetworkDetector
    rank: Rank
    triage: Triage
    reproduce: Reproduce


def freeze(
    transaction: StoreTransaction,
    alerts: Sequence[Alert],
    *,
    catalogue: Catalogue,
    references: References,
    triage: Triage,
    archive: ArchivedRows,
    progress: Progress,
) -> None:
    """Keeps for each alert the rows it can be derived from again."""
    holders = {alert.alert_id: _holders(transaction, alert, catalogue, triage) for alert in alerts}
    parts = parts_by_alert(archive, _keys(holders, references))
    for alert in alerts:
        evidence = Evidence(
            alert=alert_json(alert),
            holders=holders[alert.alert_id],
            history_start=_time(progress.history_start),
            seen_until=_time(progress.seen_until),
            rows=_joined(parts.pop(alert.alert_id, [])),
        )
        transaction.save_evidence(alert.alert_id, msgspec.msgpack.encode(evidence))


def thawed(packed: bytes) -> Evidence:
    return msgspec.msgpack.decode(packed, type=Evidence)


def derived(evidence: Evidence, alert_id: str, stages: Stages) -> Alert | None:
    """The alert of that id as it comes out today; None if none does."""
    whole = stages.intake.restore(pl.read_ipc(BytesIO(evidence.rows)))
    batch = TransactionBatch(
        added=whole.added,
        retracted=whole.retracted,
        history_start=evidence.history_start,
        seen_until=evidence.seen_until,
    )
    evaluated = stages.profiles.extend(batch)
    # Of other holders only a part of the movements is here: nothing can be said of them.
    findings = [
        each for each in stages.catalogue.detect(evaluated) if each.holder in evidence.holders
    ]
    networks = {
        key: each
        for key, each in stages.network_detector.detect(stages.networks.extend(batch)).items()
        if each is not None and key.holder in evidence.holders
    }
    with (
        TemporaryDirectory() as folder,
        Store(Path(folder) / DATABASE, reproduce=stages.reproduce) as store,
        store.transaction() as transaction,
    ):
        stages.triage.apply(
            transaction,
            findings=findings,
            replaces=evaluated.replaces,
            ledger=stages.profiles.ledger(holders_since(findings)),
            model_scores=stages.rank(evaluated, findings),
            networks=networks,
            legs=stages.profiles.ledger(holders_since(standing(networks))),
        )
        found = stages.triage.final_alerts(transaction)
    return next((alert for alert in found if alert.alert_id == alert_id), None)


def _holders(
    transaction: StoreTransaction, alert: Alert, catalogue: Catalogue, triage: Triage
) -> tuple[str, ...]:
    """Whose findings make the alert: the subject, whom its episode cites, and whoever has a signal
    that is gathered at it."""
    found = {alert.subject.id, *triage.cited_holders(transaction, alert.alert_id)}
    link = Link(kind="receiver", id=alert.subject.id)
    for gathering in catalogue.gatherings.values():
        signals = kept.signals_linked(transaction.connection, link, gathering.gathers, *EVER)
        found.update(signal.subject.id for signal in signals)
    return tuple(sorted(found))


def _keys(holders: Mapping[str, Iterable[str]], references: References) -> pl.DataFrame:
    """key (a party or an account), alert_id: what the rows of each alert carry."""
    accounts: dict[str, set[str]] = {}
    for account, rows in references.accounts.items():
        for row in rows:
            if row.holder is not None:
                accounts.setdefault(row.holder, set()).add(account)
    pairs = {
        (key, alert_id)
        for alert_id, parties in holders.items()
        for party in parties
        for key in (party, *accounts.get(party, ()))
    }
    schema = {"key": pl.String(), "alert_id": pl.String()}
    return pl.DataFrame(sorted(pairs), schema=schema, orient="row")


def parts_by_alert(
    archive: ArchivedRows, keys: pl.DataFrame, *, at_most: int = MOST_ROWS_UNPACKED
) -> dict[str, list[bytes]]:
    """By alert the rows that carry one of its keys (see `_keys`), in row order, packed whenever
    more than `at_most` lie unpacked."""
    packed: dict[str, list[bytes]] = {}
    unpacked: dict[str, list[pl.DataFrame]] = {}
    if keys.is_empty():
        return packed
    count = 0
    for frame in archive.read():
        for alert_id, rows in _rows_of(frame.filter(pl.col("fate") != "late"), keys):
            unpacked.setdefault(alert_id, []).append(rows)
            count += rows.height
        if count > at_most:
            _pack(unpacked, packed)
            count = 0
    _pack(unpacked, packed)
    return packed


def _pack(unpacked: dict[str, list[pl.DataFrame]], packed: dict[str, list[bytes]]) -> None:
    for alert_id, frames in unpacked.items():
        packed.setdefault(alert_id, []).append(_packed(pl.concat(frames)))
    unpacked.clear()


def _rows_of(frame: pl.DataFrame, keys: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    numbered = frame.with_row_index("place")
    named = (
        numbered.unpivot(SIDES, index="place", value_name="key")
        .join(keys, on="key")
        .select("alert_id", "place")
        .unique()
        .sort("alert_id", "place")
    )
    for (alert_id,), places in named.group_by("alert_id", maintain_order=True):
        yield str(alert_id), frame[places["place"]]


def _joined(parts: Sequence[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    frames = [pl.read_ipc(BytesIO(part)) for part in parts]
    return _packed(pl.concat(frames) if frames else pl.DataFrame(schema=ARCHIVED))


def _packed(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.rechunk().write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
