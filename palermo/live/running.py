"""`palermo run --feed kafka --stage ...`: the live runtime in this process."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

import structlog
from rich.console import Console

from alerts.progress import Progress
from alerts.store import Store
from palermo.config import load_settings
from palermo.errors import UsageError
from palermo.folder import Observer
from palermo.live.loop import Loop
from palermo.live.opened import Running, opened_stages
from palermo.metrics import Metrics
from palermo.metrics_page import Pulse, served
from palermo.printing import print_json
from palermo.results import Summary
from palermo.running import Wish, notes_of, print_summary, say_before_compiling, stop_signals
from palermo.telemetry import Telemetry
from palermo.wiring import KAFKA, configuration_file

STAGES = ("ingest", "detect", "triage")
WAIT_SECONDS = 0.5
TELL_SECONDS = 5.0
"""Between two times that all counts are brought up to date: scrapers come no sooner."""
SHARED_WAIT_SECONDS = 0.05
"""How long each of several stages in one process may wait for messages."""


def show_stages(wish: Wish, *, as_json: bool) -> None:
    """Runs the stages wished for. Bounded, they end with what was there at their start."""
    summary = run_stages(wish)
    if summary is None:
        Console(stderr=True).print("the stage has done what was there")
    elif as_json:
        print_json(summary)
    else:
        print_summary(summary, wish.out)


def run_stages(wish: Wish, *, observer: Observer = lambda point: None) -> Summary | None:
    """The summary, where triage is among the stages and the findings are ours at the end."""
    if wish.feed != KAFKA:
        raise UsageError(f"--stage: {wish.feed} is read in one process; stages need --feed kafka")
    configuration = load_settings(configuration_file(wish.feed, wish.config), flags=wish.flags)
    names = STAGES if wish.stage == "all" else (str(wish.stage),)
    metrics, pulse = Metrics(), Pulse(time.monotonic)
    telemetry = Telemetry(metrics, clock=time.monotonic, wall=time.time)

    def observe(point: str) -> None:
        telemetry.note(point)
        observer(point)

    with ExitStack() as stack:
        if wish.metrics:
            stack.enter_context(served(wish.metrics, metrics, pulse))
        running = stack.enter_context(
            opened_stages(
                configuration,
                names,
                config=wish.config,
                out=wish.out,
                snapshot_seconds=wish.snapshot_seconds,
                max_reject_share=wish.max_reject_share,
                notes=lambda carried: notes_of(wish, carried),
                observer=observe,
            )
        )
        asked = stack.enter_context(stop_signals())
        say_before_compiling()
        telemetry.tell_build(running.reproduce)
        page = _Page(running, pulse, telemetry if wish.metrics else None)
        if wish.is_following:
            _follow(running.loops, page, asked)
        else:
            _run_to_end(running.loops, page, asked)
        page.tell()
        return _finished(running)


class _Page:
    """What /livez, /readyz and /metrics say, brought up to date after each round."""

    def __init__(self, running: Running, pulse: Pulse, telemetry: Telemetry | None) -> None:
        self._running, self._pulse, self._telemetry = running, pulse, telemetry
        self._due = time.monotonic()

    def note_round(self) -> None:
        self._pulse.beat()
        self._pulse.is_ready = all(loop.is_ready for loop in self._running.loops)
        if time.monotonic() >= self._due:
            self.tell()
            self._due = time.monotonic() + TELL_SECONDS

    def tell(self) -> None:
        running, telemetry = self._running, self._telemetry
        if telemetry is None:
            return
        for loop in running.loops:
            telemetry.tell_partitions(loop.name, loop)
        if running.ingest is not None:
            telemetry.tell_rows(
                running.ingest.rows, running.ingest.fates, running.ingest.seen_until
            )
        if running.triage is not None:
            running.triage.show(
                lambda store, triage, networks: telemetry.tell_state(
                    store, triage=triage, catalogue=running.catalogue, networks=networks
                )
            )


def _follow(loops: Sequence[Loop], page: _Page, asked: Sequence[int]) -> None:
    wait = WAIT_SECONDS if len(loops) == 1 else SHARED_WAIT_SECONDS
    while not asked:
        for loop in loops:
            loop.round(wait=wait)
            page.note_round()


def _run_to_end(loops: Sequence[Loop], page: _Page, asked: Sequence[int]) -> None:
    """One stage after the other: each ends where the one before it had written to."""
    for loop in loops:
        loop.look_for_end()
        while not asked and not loop.is_at_end():
            loop.round(wait=WAIT_SECONDS)
            page.note_round()


def _finished(running: Running) -> Summary | None:
    summaries: list[Summary] = []

    def write(store: Store, progress: Progress) -> None:
        summaries.append(running.write_results(store, progress))

    if running.triage is not None:
        running.triage.finish(write)
    structlog.get_logger().info("stages_ended")
    return summaries[0] if summaries else None
