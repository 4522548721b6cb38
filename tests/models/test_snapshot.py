"""Profiles that were put down and taken up again go on as if nothing had been."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import pyarrow as pa
import pytest

from ingest.reference import References
from models.networks import Networks
from models.snapshot import PROFILE_SECTIONS, Piece, Sections, as_movements
from tests.models.standing import Standing, batch, standing
from tests.models.strategies import large_world
from tests.oracle.movements import Transaction, World

ROWS_A_BATCH = 40
MOVEMENTS_A_PIECE = 25
"""Few enough that a snapshot takes longer than some batches."""


@pytest.mark.parametrize("seed", [1, 2])
def test_restored_profiles_give_the_findings_of_those_that_went_on(seed: int) -> None:
    world = large_world(seed, rows=900)
    batches = _batches(world)
    half = len(batches) // 2
    first, second = standing(world), standing(world)
    shown = _take(first, batches[:half], [])
    pieces = list(first.profiles.snapshot(most_movements=MOVEMENTS_A_PIECE))
    sections = _sections(pieces)
    assert set(sections) == set(PROFILE_SECTIONS)
    second.profiles.restore(sections)
    second.features, second.findings = dict(first.features), dict(first.findings)

    for stands in (first, second):
        _take(stands, batches[half:], list(shown))

    assert second.findings == first.findings
    assert second.features == first.features
    assert first.findings


def test_a_snapshot_is_of_the_moment_it_was_asked_for_whatever_comes_in_meanwhile() -> None:
    world = large_world(3, rows=900)
    batches = _batches(world)
    half = len(batches) // 2
    disturbed, still = standing(world), standing(world)
    _take(still, batches[:half], [])
    shown = _take(disturbed, batches[:half], [])

    meanwhile = _taken_meanwhile(disturbed, batches[half:], shown)
    undisturbed = list(still.profiles.snapshot(most_movements=MOVEMENTS_A_PIECE))

    assert _blocks(meanwhile) == _blocks(undisturbed)
    assert len(batches) - half > 3


def test_a_snapshot_that_is_given_up_costs_nothing_more() -> None:
    world = large_world(4, rows=200)
    stands = standing(world)
    _take(stands, _batches(world), [])
    pieces = stands.profiles.snapshot(most_movements=MOVEMENTS_A_PIECE)
    next(pieces)

    pieces.close()

    assert not stands.profiles.is_being_copied


def test_what_has_seen_nothing_yet_is_put_down_and_taken_up_too() -> None:
    profiles = standing(large_world(1, rows=1)).profiles
    networks, again = no_networks(), no_networks()

    of_profiles = _sections(profiles.snapshot(most_movements=MOVEMENTS_A_PIECE))
    of_networks = _sections(networks.snapshot(most_transfers=MOVEMENTS_A_PIECE))
    standing(large_world(1, rows=1)).profiles.restore(of_profiles)
    again.restore(of_networks)

    assert _sections(again.snapshot(most_transfers=MOVEMENTS_A_PIECE)) == of_networks


def no_networks() -> Networks:
    return Networks(references=References(), limits={}, lateness=timedelta(hours=26))


def _batches(world: World) -> list[Sequence[Transaction]]:
    rows = sorted(world.transactions, key=lambda row: (row.event_time, row.reference))
    return [rows[i : i + ROWS_A_BATCH] for i in range(0, len(rows), ROWS_A_BATCH)]


def _take(
    stands: Standing, batches: Iterable[Sequence[Transaction]], shown: list[Transaction]
) -> list[Transaction]:
    for rows in batches:
        shown += rows
        stands.take(batch(rows, seen=shown))
    return shown


def _taken_meanwhile(
    stands: Standing, batches: Iterable[Sequence[Transaction]], shown: list[Transaction]
) -> list[Piece]:
    """All pieces, with a batch coming in before each."""
    waiting: Iterator[Sequence[Transaction]] = iter(batches)
    pieces = []
    for piece in stands.profiles.snapshot(most_movements=MOVEMENTS_A_PIECE):
        pieces.append(piece)
        _take(stands, [next(waiting, [])], shown)
    return pieces


def _sections(pieces: Iterable[Piece]) -> Sections:
    sections: defaultdict[str, list[pa.RecordBatch]] = defaultdict(list)
    for piece in pieces:
        sections[piece.section].append(piece.rows)
    return sections


def _blocks(pieces: Iterable[Piece]) -> dict[int, tuple[object, ...]]:
    """By holder: what a snapshot says of it, and its movements."""
    sections = _sections(pieces)
    found: dict[int, tuple[object, ...]] = {}
    for rows, records in zip(sections["holders"], sections["movements"], strict=True):
        movements = as_movements(records["movement"]).tolist()
        for row in rows.to_pylist():
            mine, movements = movements[: row["length"]], movements[row["length"] :]
            assert row["holder"] not in found
            found[row["holder"]] = (*row.values(), tuple(mine))
    return found
