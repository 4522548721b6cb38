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


def test_a_batch_is_dated_by_the_clocks_that_came_with_it() -> None:
    clocks = Clocks({name: clock(name, EARLY, EARLY) for name in ("rows-0", "rows-1")})
    heard = [clock(name, EARLY, LATE) for name in ("rows-0", "rows-1")]

    stamped = clocks.stamped(heard, batch())

    assert (stamped.history_start, stamped.seen_until) == (EARLY, LATE)


def batch() -> TransactionBatch:
    return TransactionBatch(
        added=pl.DataFrame(schema=NARROW),
        retracted=pl.DataFrame(schema=ADDRESS),
        history_start=None,
        seen_until=None,
    )
