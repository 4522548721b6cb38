"""`palermo run`: from a wish to a folder of results, and what is told while it goes on."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import structlog
from msgspec import structs
from rich.console import Console

from alerts.progress import Progress
from palermo.compiled import is_compiled, prepare_cache
from palermo.config import load_settings
from palermo.errors import DataUnusable, UsageError
from palermo.folder import ALERTS, REJECTS, SUMMARY, Observer
from palermo.metrics import Metrics
from palermo.metrics_page import Pulse, served
from palermo.pipeline import CHECKPOINT_ROWS, Line, resume, run
from palermo.printing import command_name, console, print_json, table
from palermo.results import Summary, ending_of, write_results
from palermo.telemetry import Telemetry
from palermo.wiring import KAFKA, STANDARD_INPUT, configuration_file, opened_line

LEAST_ROWS_FOR_SHARE = 1000
"""A share of fewer rows says nothing yet."""
INTERRUPTED = 130
StageName = Literal["all", "ingest", "detect", "triage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a user asked `palermo run` for. feed: a path, `-` or `kafka`. At most one snapshot in
    `snapshot_seconds`. stage: of the live runtime; None: the embedded one, in this process."""

    feed: str
    config: Path | None
    out: Path
    batch_rows: int = 40_000
    checkpoint_rows: int = CHECKPOINT_ROWS
    snapshot_seconds: float = 10.0
    is_following: bool = False
    metrics: str | None = None
    max_reject_share: float = 0.05
    flags: dict[str, Any] = field(default_factory=dict)
    stage: StageName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run that ended: its summary, or None where it was interrupted before the end."""

    progress: Progress
    summary: Summary | None


def show_run(wish: Wish, *, as_json: bool) -> None:
    """Runs and prints the summary. Raises the errors that end a run, results kept."""
    outcome = carry_out(wish)
    if outcome.summary is None:
        Console(stderr=True).print(
            f"interrupted after {outcome.progress.rows:,} rows; the same command goes on from there"
        )
        sys.exit(INTERRUPTED)
    if as_json:
        print_json(outcome.summary)
    else:
        print_summary(outcome.summary, wish.out)
    check_share(outcome.progress, wish.max_reject_share, wish.out)


def carry_out(wish: Wish, *, observer: Observer = lambda stage: None) -> Outcome:
    """Reads the feed from where the folder stands and writes the results.

    Raises the error families of all stages; whatever is committed stays.
    """
    if wish.is_following and wish.feed not in (KAFKA, STANDARD_INPUT):
        raise UsageError(
            f"--follow: {wish.feed} ends where it ends; start the same command again when more "
            "is there (it goes on from the last row), or follow --feed kafka"
        )
    configuration = load_settings(configuration_file(wish.feed, wish.config), flags=wish.flags)
    metrics, pulse = Metrics(), Pulse(time.monotonic)
    telemetry = Telemetry(metrics, clock=time.monotonic, wall=time.time)

    def observe(stage: str) -> None:
        telemetry.note(stage)
        observer(stage)

    with ExitStack() as stack:
        # First of all: an interrupt raised while stages are opened can be swallowed by a library.
        asked = stack.enter_context(stop_signals())
        if wish.metrics:
            stack.enter_context(served(wish.metrics, metrics, pulse))
        line = stack.enter_context(
            opened_line(
                configuration,
                feed=wish.feed,
                config=wish.config,
                out=wish.out,
                is_following=wish.is_following,
                observer=observe,
                clock=time.monotonic,
                snapshot_seconds=wish.snapshot_seconds,
            )
        )
        telemetry.tell_build(line.reproduce)
        tell = stack.enter_context(_told())
        say_before_compiling()
        begun = progress = _noted(resume(line), wish, line.carried)
        pulse.is_ready = True
        for progress in run(
            line, begun, batch_rows=wish.batch_rows, checkpoint_rows=wish.checkpoint_rows
        ):
            pulse.beat()
            tell(progress)
            if wish.metrics:
                telemetry.tell(line, progress)
            if asked or _has_too_many_rejects(progress, wish.max_reject_share):
                break
        # A service that follows a feed is stopped by SIGTERM: that is its end, no interruption.
        is_over = not asked or (wish.is_following and asked == [signal.SIGTERM])
        return Outcome(
            progress=progress, summary=_results(line, progress, wish) if is_over else None
        )


def print_summary(summary: Summary, out: Path) -> None:
    """The summary for a person, and what to do next."""
    rows = sum(summary.fates.values())
    fates = ", ".join(f"{n:,} {fate}" for fate, n in summary.fates.items())
    to = console()
    to.print(f"{rows:,} rows read: {fates}")
    found = _counted(summary.alerts.total, "alert")
    to.print(f"{found} in {_counted(summary.case_proposals, 'case proposal')}")
    for name, counts in (
        ("severity", summary.alerts.by_severity),
        ("typology", summary.alerts.by_typology),
    ):
        if counts:
            to.print(f"  by {name}: " + ", ".join(f"{n} {key}" for key, n in counts.items()))
    for typology, tests in summary.cleared.items():
        told = ", ".join(f"{n} by {test}" for test, n in tests.items())
        to.print(f"  looked like {typology} but explained: {told}")
    if summary.not_testable:
        to.print("not testable on this feed (not testable is not clean):")
        lacking = [
            (typology, reason)
            for typology, reasons in summary.not_testable.items()
            for reason in reasons
        ]
        to.print(table(("  typology", "reason"), [(f"  {a}", b) for a, b in lacking]))
    written = [ALERTS, SUMMARY, *([REJECTS] if summary.fates["reject"] else [])]
    to.print(f"written to {out}: {', '.join(written)}")
    if summary.alerts.total:
        option = "" if out == Path("palermo-out") else f" --out {out}"
        to.print(f"next: {command_name()} alerts list{option}")


def check_share(progress: Progress, most: float, out: Path) -> None:
    """Raises DataUnusable if more rows than allowed were rejects."""
    share = reject_share(progress)
    if share > most:
        raise DataUnusable(
            f"{share:.1%} of {progress.rows:,} rows are rejects, more than --max-reject-share "
            f"{most:g}; {out / REJECTS} says why, row by row. Mend the mapping in palermo.toml "
            "(then give a new --out), or allow more"
        )


def reject_share(progress: Progress) -> float:
    return progress.fates.get("reject", 0) / progress.rows if progress.rows else 0.0


def _noted(progress: Progress, wish: Wish, carried: frozenset[str]) -> Progress:
    return structs.replace(progress, notes={**progress.notes, **notes_of(wish, carried)})


def notes_of(wish: Wish, carried: frozenset[str]) -> dict[str, object]:
    """What `alerts replay` needs to set the same stages up again."""
    config = configuration_file(wish.feed, wish.config)
    is_path = wish.feed not in (KAFKA, STANDARD_INPUT)
    return {
        "feed": str(Path(wish.feed).absolute()) if is_path else wish.feed,
        "config": None if config is None else str(config.absolute()),
        "flags": wish.flags,
        "carried": sorted(carried),
    }


def _has_too_many_rejects(progress: Progress, most: float) -> bool:
    return progress.rows >= LEAST_ROWS_FOR_SHARE and reject_share(progress) > most


def _results(line: Line, progress: Progress, wish: Wish) -> Summary:
    if progress.rows == 0:
        raise DataUnusable(
            f"{wish.feed}: the feed has no rows; give a file or folder with transactions, or check "
            "[feed] files in palermo.toml"
        )
    return write_results(ending_of(line), progress, wish.feed)


def say_before_compiling() -> None:
    if not is_compiled(prepare_cache()):
        Console(stderr=True).print("compiling once, one to two minutes", highlight=False)


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """The signals that asked us to stop; a second one stops at once."""
    asked: list[int] = []
    kept = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, kept[signal.Signals(number)])

    for each in kept:
        signal.signal(each, ask)
    try:
        yield asked
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)


class _Told:
    """Says on a terminal how far it is; logs each checkpoint elsewhere."""

    def __init__(self, status: Any) -> None:
        self._status = status
        self._rows = 0

    def __call__(self, progress: Progress) -> None:
        if progress.rows == self._rows:
            return
        self._rows = progress.rows
        structlog.get_logger().info("checkpoint", rows=progress.rows, fates=progress.fates)
        if self._status is not None:
            self._status.update(f"{progress.rows:,} rows")


@contextmanager
def _told() -> Iterator[_Told]:
    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        yield _Told(None)
        return
    with terminal.status("starting") as status:
        yield _Told(status)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
