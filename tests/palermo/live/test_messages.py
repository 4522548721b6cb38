"""What engines write to triage comes out as it went in, and in parts that stand alone."""

from datetime import UTC, datetime, timedelta

import polars as pl
from polars.testing import assert_frame_equal

from alerts.alert import ModelScore
from detectors.finding import Citation, Finding, TriggerKey
from models.evaluated import LEDGER, REPLACES
from palermo.live.messages import Judgement, joined, judgement_in, steps

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_judgement_comes_out_as_it_went_in() -> None:
    given = judgement(["H"], replaced=["H", "J"])

    found = [judgement_in(value) for value in steps(given)]

    assert [each.findings for each in found] == [tuple(given.findings), ()]
    assert found[0].scores == given.scores
    assert_frame_equal(pl.concat(each.replaces for each in found), given.replaces)
    assert_frame_equal(found[0].ledger, given.ledger)


def test_a_large_judgement_is_cut_between_holders() -> None:
    holders = [f"H{number:03d}" for number in range(40)]
    given = judgement(holders, replaced=holders, rows=400)

    found = [judgement_in(value) for value in steps(given)]

    assert len(found) > 3
    for each in found:
        own = {finding.holder for finding in each.findings}
        assert set(each.replaces["holder"]) == own == set(each.ledger["holder"])
    assert [f for each in found for f in each.findings] == list(given.findings)


def test_judgements_of_other_holders_are_joined_and_of_the_same_come_one_after_the_other() -> None:
    first, other = judgement(["H"], replaced=["H"]), judgement(["J"], replaced=["J", "K"])
    anew, after = judgement([], replaced=["K"]), judgement(["L"], replaced=["L"])

    found = list(joined([first, other, anew, after]))

    assert [[f.holder for f in each.findings] for each in found] == [["H", "J"], ["L"]]
    assert [each.replaces["holder"].to_list() for each in found] == [["H", "J", "K"], ["K", "L"]]
    assert [each.ledger["holder"].to_list() for each in found] == [["H", "J"], ["L"]]
    assert found[0].scores == {**first.scores, **other.scores}
    assert list(joined([])) == []


def judgement(holders: list[str], *, replaced: list[str], rows: int = 1) -> Judgement:
    findings = [finding(holder) for holder in holders]
    return Judgement(
        findings=findings,
        replaces=pl.DataFrame(
            [
                {"holder": h, "since_time": NOON, "since_sequence": 0, "since_hi": 0}
                | {"since_lo": 0, "since_side": 0}
                for h in replaced
            ],
            schema=REPLACES,
        ),
        ledger=pl.DataFrame(
            [ledger_row(holder, number) for holder in holders for number in range(rows)],
            schema=LEDGER,
        ),
        scores={
            (f.holder, f.trigger): ModelScore(id="m", percentile=0.5, contributions=("why",))
            for f in findings
        },
    )


def ledger_row(holder: str, number: int) -> dict[str, object]:
    known = {"holder": holder, "time": NOON, "sequence": number, "txn_hi": 1, "txn_lo": number}
    return dict.fromkeys(LEDGER) | known | {"side": 0, "account": "A", "mask": 1 << 63}


def finding(holder: str) -> Finding:
    trigger = TriggerKey(time=NOON, sequence=0, txn=f"{1:032x}", side=0)
    return Finding(
        typology="st-funnel-geo",
        version=1,
        level=1,
        is_signal=False,
        subject_kind="customer",
        subject_id=holder,
        holder=holder,
        accounts=("A",),
        trigger=trigger,
        trigger_reference="R",
        window_start=NOON - timedelta(days=30),
        window_end=NOON,
        strength=0.5,
        facts=(),
        not_testable=(),
        exculpations=(),
        cleared_by=(),
        links=(),
        citations=(
            Citation(
                holder=holder,
                account=None,
                since=NOON - timedelta(days=30),
                upto=trigger,
                mask_any=1,
            ),
        ),
        feeders=(),
    )
