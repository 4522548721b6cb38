"""Every typology against its cases, and the checks all of them pass."""

import random
from collections import Counter
from typing import Any

from detectors.catalogue import load_typologies
from detectors.lint import faults


def test_a_case_comes_out_as_told(case: Any, judged: Any, ruled: Any) -> None:
    verdict, cleared_by = ruled(case, judged(case))

    assert (verdict, cleared_by) == (case.expects, case.by)


def test_findings_do_not_depend_on_how_rows_are_cut(case: Any, judged: Any) -> None:
    rows = range(case.transactions.height)
    one_by_one = [[row] for row in rows]

    assert judged(case, batches=one_by_one) == judged(case)


def test_findings_do_not_depend_on_the_order_of_arrival(case: Any, judged: Any) -> None:
    rows = list(range(case.transactions.height))
    random.Random(7).shuffle(rows)
    threes = [rows[first : first + 3] for first in range(0, len(rows), 3)]

    assert judged(case, batches=threes) == judged(case)


def test_arming_changes_no_finding(case: Any, judged: Any) -> None:
    assert judged(case, is_always_armed=True) == judged(case)


def test_nothing_in_gives_nothing_out(case: Any, judged: Any) -> None:
    assert judged(case, batches=[[]]) == []


def test_strength_is_between_nought_and_one_and_something_is_cited(case: Any, judged: Any) -> None:
    for finding in judged(case):
        assert 0.0 <= finding.strength <= 1.0
        assert finding.citations
        assert finding.window_start < finding.trigger.time <= finding.window_end


def test_what_fires_is_never_told_as_not_met(case: Any, judged: Any) -> None:
    for finding in judged(case):
        unmet = {fact.name for fact in finding.facts if not fact.is_met}
        assert not unmet or finding.is_cleared or finding.level > 1, unmet


def test_every_typology_has_a_hit_a_near_miss_and_an_innocent_look_alike(
    every_case: list[Any],
) -> None:
    told = Counter(case.typology for case in every_case)
    hits = {case.typology for case in every_case if case.expects == "fires"}

    assert set(told) == set(load_typologies()) == hits
    assert min(told.values()) >= 3


def test_the_catalogue_has_no_fault() -> None:
    assert faults(load_typologies()) == []
