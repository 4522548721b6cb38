"""What several partitions have seen, as one engine must see it."""

from datetime import UTC, datetime

import polars as pl

from ingest.clocks import Clock, Clocks
from ingest.narrow import NARROW
from ingest.transaction import ADDRESS, TransactionBatch

EARLY, LATE = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)


def clock(partition: str, start: datetime | None, until: datetime | None) -> Clock:
    return Clock(partition=partition, partitions=2, history_start=start, seen_until=until)


def test_nothing_is_let_go_before_every_partition_was_heard_of() -> None:
    clocks = Clocks()

    clocks.note(clock("rows-0", EARLY, LATE))

    assert clocks.seen_until is None
    assert clocks.history_start == EARLY


def test_the_partition_furthest_behind_decides_what_is_let_go() -> None:
    clocks = Clocks()
    clocks.note(clock("rows-0", LATE, LATE))

    clocks.note(clock("rows-1", EARLY, EARLY))

    assert (clocks.history_start, clocks.seen_until) == (EARLY, EARLY)


def test_a_partition_without_rows_holds_nobody_up() -> None:
    clocks = Clocks()
    clocks.note(clock("rows-0", EARLY, LATE))

    clocks.note(clock("rows-1", None, None))

    assert clocks.seen_until == LATE


def test_nothing_is_let_go_before_the_last_of_some_batches_is_in() -> None:
    clocks = Clocks({name: clock(name, EARLY, EARLY) for name in ("rows-0", "rows-1")})
    batches = [batch(), batch()]
    heard = [clock(name, EARLY, LATE) for name in ("rows-0", "rows-1")]

    stamped = list(clocks.stamped(heard, batches))

    assert [each.seen_until for each in stamped] == [EARLY, LATE]
    assert [each.history_start for each in stamped] == [EARLY, EARLY]


def batch() -> TransactionBatch:
    return TransactionBatch(
        added=pl.DataFrame(schema=NARROW),
        retracted=pl.DataFrame(schema=ADDRESS),
        history_start=None,
        seen_until=None,
    )
