"""What came in against what came out: any gap, overlap or missing letter is named."""

from dataclasses import replace

import pytest

from palermo.audit import Evidence, counts
from palermo.live.messages import Taken

ROWS = {"rows-0": {0: 1, 1: 3, 2: 1, 4: 2}}
"""Offset 3 is a marker of a transaction."""


def taken(first: int, last: int, rows: int, rejects: int = 0) -> Taken:
    fates = {"scored": rows - rejects, "reject": rejects}
    return Taken(partition="rows-0", first=first, last=last, rows=rows, fates=fates)


WHOLE = Evidence(rows=ROWS, taken=[taken(0, 1, 4), taken(2, 4, 3, 1)], letters={"rows-0": 1})


def test_a_feed_that_was_taken_in_whole_adds_up() -> None:
    (found,) = counts(WHOLE)

    assert found.faults == []
    assert (found.rows_in, found.waiting, found.fates) == (7, 0, {"scored": 6, "reject": 1})


def test_what_is_behind_the_last_offset_waits_and_is_no_fault() -> None:
    (found,) = counts(replace(WHOLE, taken=[taken(0, 1, 4)], letters={}))

    assert (found.faults, found.waiting) == ([], 3)


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (replace(WHOLE, taken=[taken(0, 0, 1), taken(2, 4, 3, 1)]), "3 rows were not taken in"),
        (replace(WHOLE, taken=[taken(2, 4, 3, 1)]), "4 rows before offset 2 were not taken in"),
        (replace(WHOLE, taken=[*WHOLE.taken, taken(2, 4, 3)]), "offsets 2-4 were taken in twice"),
        (replace(WHOLE, taken=[taken(0, 1, 3), taken(2, 4, 3, 1)]), "4 rows in, 3 taken in"),
        (replace(WHOLE, letters={}), "1 rejects, 0 dead letters"),
    ],
    ids=["a gap", "a lost beginning", "a double", "a lost row", "a lost letter"],
)
def test_what_does_not_add_up_is_named(evidence: Evidence, fault: str) -> None:
    (found,) = counts(evidence)

    assert any(fault in each for each in found.faults)
