"""The loop: poll, accept, extend, detect, triage, publish; and the checkpoint that makes it last.

What is on the disk at a checkpoint, in this order: archive, rejects, then one database
transaction with findings, alerts and the position. A run killed anywhere goes on from the last
one that was committed; what lies beyond it is dropped and made again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from alerts.alert import Reproduce
from alerts.file_sink import FileSink
from alerts.progress import Progress
from alerts.store import Store
from alerts.triage import Triage
from detectors.catalogue import Catalogue
from detectors.networks import NetworkDetector
from ingest.archive import Archive
from ingest.feed import Feed, RawBatch, Reject
from ingest.file_feed import FileRead
from ingest.intake import Intake
from ingest.reference import References
from ingest.transaction import FATES
from models.networks import Networks
from models.profile import Profiles
from palermo.folder import REJECTS, Observer, append_whole, cut_to, said_plainly
from palermo.judged import holders_since, standing
from palermo.model_scores import Rank
from palermo.pending import Pending
from palermo.snapshots import Snapshots, Stages

CHECKPOINT_ROWS = 100_000
"""Batches share a checkpoint until it covers so many rows."""
CHECKPOINT_SECONDS = 5.0
"""Or until the last one is so long ago: a slow feed's alerts are not kept back."""
POLL_SECONDS = 0.5


class Outlet(Protocol):
    """Where alerts and rejects go besides the folder: rejects before the commit, alerts after it,
    both idempotent by id."""

    def publish_rejects(self, rejects: Sequence[Reject]) -> None: ...

    def publish_committed(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The stages of one run, put together by `wiring`. `clock` gives seconds, monotonic;
    `carried`: the columns of a transaction that the feed brings."""

    feed: Feed
    intake: Intake
    profiles: Profiles
    networks: Networks
    references: References
    carried: frozenset[str]
    catalogue: Catalogue
    network_detector: NetworkDetector
    rank: Rank
    triage: Triage
    store: Store
    reproduce: Reproduce
    archive: Archive
    snapshots: Snapshots
    alert_file: FileSink
    files_read: Callable[[], Sequence[FileRead]]
    folder: Path
    outlet: Outlet | None
    observer: Observer
    clock: Callable[[], float]

    @property
    def stages(self) -> Stages:
        """What is put down in a snapshot."""
        return Stages(profiles=self.profiles, networks=self.networks, intake=self.intake)


def run(
    line: Line, begun: Progress, *, batch_rows: int, checkpoint_rows: int = CHECKPOINT_ROWS
) -> Iterator[Progress]:
    """How far everything is durable, after each batch, until the feed ends."""
    progress, pending, since = begun, Pending(), line.clock()
    while True:
        batch = line.feed.poll(at_most=batch_rows, wait=POLL_SECONDS)
        line.observer("read")
        take(line, batch, pending)
        # A feed that has nothing at the moment: do not keep alerts back.
        is_due = batch.is_end or not batch.messages or pending.rows >= checkpoint_rows
        if pending.rows and (is_due or line.clock() - since >= CHECKPOINT_SECONDS):
            spent, since = line.clock() - since, line.clock()
            progress, pending = commit(line, pending, progress, spent), Pending()
            line.snapshots.begin(line.stages, rows=progress.rows, position=progress.position)
        line.snapshots.advance()
        yield progress
        if batch.is_end:
            return


def take(line: Line, batch: RawBatch, pending: Pending) -> None:
    """One batch through the stages; nothing of it is durable yet."""
    accepted = line.intake.accept(batch)
    if line.outlet and accepted.rejects:
        line.outlet.publish_rejects(accepted.rejects)
    evaluated = line.profiles.extend(accepted.transactions)
    findings = line.catalogue.detect(evaluated)
    networks = line.network_detector.detect(line.networks.extend(accepted.transactions))
    pending.add(batch, accepted, evaluated, findings, line.rank(evaluated, findings), networks)
    line.observer("detected")


def commit(line: Line, pending: Pending, before: Progress, spent: float) -> Progress:
    """The progress after everything that waited is durable."""
    with said_plainly(line.folder):
        _write_archive(line, pending, before.rows)
        line.observer("archived")
        rejects_bytes = _write_rejects(line.folder, pending.rejects, before.rejects_bytes)
        line.observer("rejects_written")
    progress = _advanced(before, pending, rejects_bytes, spent)
    with line.store.transaction() as transaction:
        line.triage.apply(
            transaction,
            findings=pending.judged.findings,
            replaces=pending.judged.replaces,
            ledger=line.profiles.ledger(holders_since(pending.judged.findings)),
            model_scores=pending.judged.scores,
            networks=pending.networks,
            legs=line.profiles.ledger(holders_since(standing(pending.networks))),
        )
        transaction.save_position(progress)
        line.observer("applied")
    line.observer("committed")
    if line.outlet:
        line.outlet.publish_committed()
    line.feed.acknowledge(progress.position)
    return progress


def resume(line: Line) -> Progress:
    """Where the last checkpoint ended, with profiles, networks and fates as they were then: from a
    snapshot and the archive after it."""
    with line.store.transaction() as transaction:
        progress = transaction.position()
    begun = progress or Progress(position={}, rows=0, rejects_bytes=0, fates={})
    line.archive.drop_after(begun.rows)
    cut_to(line.folder / REJECTS, begun.rejects_bytes)
    if progress is None:
        return begun
    restored = line.snapshots.restore(line.stages, upto=begun.rows)
    covered = 0 if restored is None else restored.rows
    for archived in line.archive.read(after=covered, upto=begun.rows):
        transactions = line.intake.restore(archived)
        line.profiles.absorb(transactions)
        line.networks.extend(transactions)
    line.intake.continue_after(begun.rows)
    line.feed.seek(begun.position)
    if line.outlet:
        line.outlet.publish_committed()
    return begun


def seconds_spent(progress: Progress) -> float:
    """Time taken so far, over all restarts."""
    return float(str(progress.notes.get("seconds", 0.0)))


def _write_archive(line: Line, pending: Pending, rows_before: int) -> None:
    archived = pending.archived
    if archived is not None:
        line.archive.write(archived, first=rows_before + 1, last=rows_before + pending.rows)


def _write_rejects(folder: Path, rejects: Sequence[Reject], length: int) -> int:
    if not rejects:
        return length
    lines = b"".join(msgspec.json.encode(reject) + b"\n" for reject in rejects)
    return append_whole(folder / REJECTS, lines)


def _advanced(before: Progress, pending: Pending, rejects_bytes: int, spent: float) -> Progress:
    fates: dict[str, int] = {
        fate: before.fates.get(fate, 0) + pending.fates.get(fate, 0) for fate in FATES
    }
    return Progress(
        position=dict(pending.upto or {}),
        rows=before.rows + pending.rows,
        rejects_bytes=rejects_bytes,
        fates=fates,
        history_start=_text(pending.history_start),
        seen_until=_text(pending.seen_until),
        notes={**before.notes, "seconds": round(seconds_spent(before) + spent, 3)},
    )


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
