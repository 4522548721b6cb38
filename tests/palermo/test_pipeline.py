"""When what was read and judged is made durable."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from palermo.config import load_settings
from palermo.pipeline import CHECKPOINT_SECONDS, Line, resume, run
from palermo.wiring import configuration_file, opened_line


@dataclass(slots=True)
class Clock:
    """Goes on by `step` seconds whenever a batch was read."""

    step: float
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def note(self, stage: str) -> None:
        self.now += self.step if stage == "read" else 0.0


def test_batches_share_a_checkpoint_until_it_covers_enough_rows(
    demo_feed: Path, tmp_path: Path
) -> None:
    with opened(demo_feed, tmp_path, Clock(step=0.0)) as line:
        durable = rows_after_each_batch(line, checkpoint_rows=300)

    assert durable[:7] == [0, 0, 300, 300, 300, 600, 600]


def test_a_checkpoint_is_due_after_a_time_however_few_rows_there_are(
    demo_feed: Path, tmp_path: Path
) -> None:
    with opened(demo_feed, tmp_path, Clock(step=CHECKPOINT_SECONDS / 2)) as line:
        durable = rows_after_each_batch(line, checkpoint_rows=1_000_000)

    assert durable[:5] == [0, 200, 200, 400, 400]


def rows_after_each_batch(line: Line, *, checkpoint_rows: int) -> list[int]:
    begun = resume(line)
    return [
        progress.rows
        for progress in run(line, begun, batch_rows=100, checkpoint_rows=checkpoint_rows)
    ]


@contextmanager
def opened(feed: Path, out: Path, clock: Clock) -> Iterator[Line]:
    configuration = load_settings(configuration_file(str(feed), None), flags={})
    with opened_line(
        configuration,
        feed=str(feed),
        config=None,
        out=out / "out",
        is_following=False,
        observer=clock.note,
        clock=clock,
        snapshot_seconds=1e9,
    ) as line:
        yield line
