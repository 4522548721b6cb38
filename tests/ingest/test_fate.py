from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import RowFault
from ingest.fate import Address, Candidate, Fates, Verdict
from ingest.transaction import ADDRESS, TRANSACTION, UTC_MICROSECONDS

HOUR = 3_600_000_000
LATENESS = 26 * HOUR
LOW_HALF = (1 << 64) - 1
START = 1_700_000_000_000_000


def candidate(
    key: int = 1,
    *,
    at: float = 0,
    content: int = 1,
    revision: int = 0,
    status: str = "BOOKED",
    ingested: float | None = None,
    source: str = "bank",
) -> Candidate:
    event_time = START + int(at * HOUR)
    return Candidate(
        source,
        key,
        None if ingested is None else START + int(ingested * HOUR),
        revision,
        status,
        Address(0, key, event_time, 0, "A-FICT-0001", None, None, None, True, False, content),
    )


def fresh() -> Fates:
    return Fates(lateness=timedelta(hours=26), longest_gap=timedelta(days=7))


def decided(fates: Fates, row: Candidate, partition: str = "files") -> Verdict:
    """The fate of one row; RowFault if it is refused."""
    verdict = fates.decide(frame([row], partition))
    (fate,) = verdict.fates
    if fate is None:
        raise RowFault("future", field="event_time")
    return Verdict(fate, bool(len(verdict.added)), tuple(verdict.retracted))


def frame(rows: Sequence[Candidate], partition: str = "files") -> pl.DataFrame:
    """Candidates as the columns that fates are decided from."""
    columns: list[dict[str, object]] = []
    for row in rows:
        address = row.address
        known = {name: getattr(address, name) for name in ADDRESS}
        columns.append(
            {
                **known,
                "txn_hi": row.key >> 64,
                "txn_lo": row.key & LOW_HALF,
                "source_id": row.source_id,
                "ingest_time": row.ingest_time,
                "source_revision": row.revision,
                "status": row.status,
                "content_hi": address.content >> 64,
                "content_lo": address.content & LOW_HALF,
                "partition": partition,
            }
        )
    dtypes = {**TRANSACTION, "partition": pl.String()}
    schema = {name: dtypes[name] for name in columns[0]}
    numbers = {
        name: pl.Int64() if dtypes[name] == UTC_MICROSECONDS else schema[name] for name in schema
    }
    return pl.DataFrame(columns, schema=numbers).cast({name: schema[name] for name in schema})


def verdicts(*rows: Candidate) -> list[Verdict]:
    fates = fresh()
    return [decided(fates, row) for row in rows]


def fates_of(*rows: Candidate) -> list[str]:
    return [verdict.fate for verdict in verdicts(*rows)]


def counting(rows: Sequence[Candidate], *, forget: bool = False) -> set[tuple[int, int]]:
    """Ids and contents that count in the end, checking every step on the way."""
    fates = fresh()
    counted: set[tuple[int, int]] = set()
    for row in rows:
        verdict = decided(fates, row, "files")
        gone = {(row.key, address.content) for address in verdict.retracted}
        assert gone <= counted
        counted -= gone
        if verdict.is_added:
            assert (row.key, row.address.content) not in counted
            counted.add((row.key, row.address.content))
        if forget:
            fates.forget()
    return counted


def test_a_first_row_is_scored() -> None:
    (verdict,) = verdicts(candidate())

    assert verdict == Verdict("scored", is_added=True)


def test_the_same_content_again_is_a_duplicate() -> None:
    assert fates_of(candidate(), candidate()) == ["scored", "duplicate"]


def test_another_content_of_an_id_is_an_amendment() -> None:
    assert fates_of(candidate(), candidate(content=2)) == ["scored", "amendment"]


def test_a_losing_content_read_again_is_a_duplicate() -> None:
    rows = [candidate(content=5), candidate(content=2), candidate(content=2)]

    assert fates_of(*rows) == ["scored", "amendment", "duplicate"]


def test_the_higher_revision_counts_whichever_comes_first() -> None:
    old, new = candidate(content=9, revision=1), candidate(content=1, revision=2)

    assert counting([old, new]) == counting([new, old]) == {(1, 1)}


def test_booked_counts_against_pending_whichever_comes_first() -> None:
    pending, booked = candidate(content=9, status="PENDING"), candidate(content=1)

    assert counting([pending, booked]) == counting([booked, pending]) == {(1, 1)}


def test_a_winning_amendment_retracts_the_old_address() -> None:
    first, second = verdicts(candidate(content=1), candidate(content=2, at=1))

    assert first.retracted == ()
    assert [address.content for address in second.retracted] == [1]
    assert second.retracted[0].event_time == START


def test_a_losing_amendment_changes_nothing() -> None:
    _, second = verdicts(candidate(content=2), candidate(content=1))

    assert second == Verdict("amendment")


def test_an_old_content_sent_again_with_a_higher_revision_counts_again() -> None:
    rows = [
        candidate(content=1, revision=1),
        candidate(content=2, revision=2),
        candidate(content=1, revision=3),
    ]

    assert fates_of(*rows) == ["scored", "amendment", "duplicate"]
    assert counting(rows) == {(1, 1)}


def test_a_row_just_inside_the_lateness_is_scored_and_one_just_outside_is_late() -> None:
    latest = candidate(1, at=26)

    assert fates_of(latest, candidate(2, at=0)) == ["scored", "scored"]
    assert fates_of(latest, candidate(2, at=-0.001)) == ["scored", "late"]


def test_late_is_tested_before_duplicate() -> None:
    rows = [candidate(1, at=0), candidate(2, at=30), candidate(1, at=0)]

    assert fates_of(*rows) == ["scored", "scored", "late"]


def test_lateness_is_counted_by_source_and_by_partition() -> None:
    fates = fresh()
    decided(fates, candidate(1, at=100), "one")

    assert decided(fates, candidate(2, at=0, source="other"), "one").fate == "scored"
    assert decided(fates, candidate(3, at=0), "two").fate == "scored"
    assert decided(fates, candidate(4, at=0), "one").fate == "late"


def test_an_amendment_of_a_known_id_is_measured_by_its_report_time() -> None:
    original = candidate(1, at=0, ingested=20)
    later = candidate(2, at=30, ingested=30)
    amendment = candidate(1, at=0, content=2, ingested=40)

    assert fates_of(original, later, amendment) == ["scored", "scored", "amendment"]


def test_an_unknown_id_is_measured_by_its_event_time_however_fresh_its_report() -> None:
    assert fates_of(candidate(2, at=30, ingested=30), candidate(1, at=0, ingested=40)) == [
        "scored",
        "late",
    ]


def test_a_row_dated_after_its_ingest_time_is_in_the_future() -> None:
    assert fates_of(candidate(at=0.16, ingested=0)) == ["scored"]
    with pytest.raises(RowFault, match="future"):
        verdicts(candidate(at=0.17, ingested=0))


def test_a_row_a_week_past_the_latest_is_in_the_future_and_moves_nothing() -> None:
    fates = fresh()
    decided(fates, candidate(1, at=0), "files")
    with pytest.raises(RowFault, match="future"):
        decided(fates, candidate(2, at=7 * 24 + 0.001), "files")

    assert decided(fates, candidate(3, at=-20), "files").fate == "scored"
    assert fates.seen_until == START


def test_the_first_row_of_a_source_sets_the_largest_time_however_far() -> None:
    assert fates_of(candidate(1, at=1e5), candidate(2, at=0, source="new")) == ["scored", "scored"]


def test_a_reference_used_again_after_more_than_the_lateness_is_another_transaction() -> None:
    rows = [candidate(1, at=0), candidate(1, at=27, content=2)]

    assert fates_of(*rows) == ["scored", "scored"]
    assert counting(rows) == {(1, 1), (1, 2)}


def test_memory_stays_within_the_lateness() -> None:
    fates = fresh()
    for hour in range(2_000):
        decided(fates, candidate(hour, at=hour), "files")
        fates.forget()

    assert fates.remembered <= 2.5 * 26 + 2


def test_history_starts_at_the_earliest_admitted_row() -> None:
    fates = fresh()
    for at in (30.0, 10.0, -100.0):
        decided(fates, candidate(int(at) + 200, at=at), "files")

    assert fates.history_start == START + 10 * HOUR
    assert fates.seen_until == START + 30 * HOUR


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Candidate, float]]:
    """Rows of few ids over some days, each with how long it takes to arrive, within the
    lateness. Rows with equal contents have equal times, as contents hold them."""
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        key, content = draw(st.integers(1, 3)), draw(st.integers(1, 6))
        at = (key * 7 + content * 13) % 6 * 17
        status = ("PENDING", "BOOKED")[content % 2]
        revision = draw(st.integers(0, 2))
        row = candidate(key, at=at, content=content, status=status, revision=revision)
        rows.append((row, draw(st.floats(0, 25.9))))
    return rows


def arrival(rows: Sequence[tuple[Candidate, float]]) -> list[Candidate]:
    ordered = sorted(rows, key=lambda pair: pair[0].address.event_time / HOUR + pair[1])
    return [row for row, _ in ordered]


@settings(deadline=None)
@given(histories())
def test_any_order_within_the_lateness_leaves_the_same_contents_counting(
    rows: list[tuple[Candidate, float]],
) -> None:
    other = [(row, (delay * 7.3) % 25.9) for row, delay in rows]

    assert "late" not in fates_of(*arrival(rows))
    assert counting(arrival(rows)) == counting(arrival(other)) == counting(arrival(other[::-1]))


@settings(deadline=None)
@given(histories())
def test_forgetting_changes_no_fate_and_no_set(rows: list[tuple[Candidate, float]]) -> None:
    assert counting(arrival(rows)) == counting(arrival(rows), forget=True)
