"""Who was not alerted, and why."""

from alerts.cleared import cleared_cases
from alerts.store import Store
from detectors.finding import ExculpationResult
from tests.alerts.fiction import COLLECTOR_FACTS, Move, fact, finding, ledger, replaced_from, triage

AGENT = "C-FICT-0300"


def test_a_cleared_subject_is_shown_with_the_reason(store: Store) -> None:
    moves = [Move(reference=f"R{n}", holder=AGENT, day=n, side=1) for n in range(3)]
    repeated = fact("repeat_share", 0.8, threshold=0.15, family=None, unit="share", is_met=False)
    licensed = ExculpationResult(test="LICENSED", result="explains", share=1.0)
    found = [
        finding(
            "som-collector-fanin",
            each,
            strength=0.3 + n / 10,
            facts=(*COLLECTOR_FACTS, repeated),
            cleared_by=("REMIT", "LICENSED"),
            exculpations=(licensed,),
        )
        for n, each in enumerate(moves)
    ]
    with store.transaction() as tx:
        triage().apply(tx, findings=found, replaces=replaced_from(AGENT, -9), ledger=ledger(moves))
        (case,) = cleared_cases(tx.connection)

    assert (case.subject.id, case.count, case.strength) == (AGENT, 3, 0.5)
    assert case.why == (
        "REMIT: repeat share is 0.8, limit 0.15 share",
        "LICENSED: movements of a business in a public register make up 100 % of the value moved",
    )
    assert case.transaction_ids == ("R0", "R1", "R2")
