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
from palermo.wiring import KAFKA, configuration_file

STAGES = ("ingest", "detect", "triage")
WAIT_SECONDS = 0.5
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
    pulse = Pulse(time.monotonic)
    with ExitStack() as stack:
        if wish.metrics:
            stack.enter_context(served(wish.metrics, Metrics(), pulse))
        running = stack.enter_context(
            opened_stages(
                configuration,
                names,
                config=wish.config,
                out=wish.out,
                snapshot_seconds=wish.snapshot_seconds,
                max_reject_share=wish.max_reject_share,
                notes=lambda carried: notes_of(wish, carried),
                observer=observer,
            )
        )
        asked = stack.enter_context(stop_signals())
        say_before_compiling()
        pulse.is_ready = True
        if wish.is_following:
            _follow(running.loops, pulse, asked)
        else:
            _run_to_end(running.loops, pulse, asked)
        return _finished(running)


def _follow(loops: Sequence[Loop], pulse: Pulse, asked: Sequence[int]) -> None:
    wait = WAIT_SECONDS if len(loops) == 1 else SHARED_WAIT_SECONDS
    while not asked:
        for loop in loops:
            loop.round(wait=wait)
            pulse.beat()


def _run_to_end(loops: Sequence[Loop], pulse: Pulse, asked: Sequence[int]) -> None:
    """One stage after the other: each ends where the one before it had written to."""
    for loop in loops:
        loop.look_for_end()
        while not asked and not loop.is_at_end():
            loop.round(wait=WAIT_SECONDS)
            pulse.beat()


def _finished(running: Running) -> Summary | None:
    summaries: list[Summary] = []

    def write(store: Store, progress: Progress) -> None:
        summaries.append(running.write_results(store, progress))

    if running.triage is not None:
        running.triage.finish(write)
    structlog.get_logger().info("stages_ended")
    return summaries[0] if summaries else None
