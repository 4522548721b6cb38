from datetime import UTC, datetime, timedelta

import polars as pl

from detectors.finding import Citation, Finding, TriggerKey
from ingest.archive import ARCHIVED
from ingest.feed import Message, RawBatch
from ingest.intake import Accepted
from ingest.transaction import ADDRESS, TRANSACTION, TransactionBatch
from models.evaluated import REPLACES, TRIGGER, Evaluated
from palermo.judged import holders_since
from palermo.pending import Pending

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_what_is_judged_anew_replaces_what_waits() -> None:
    pending = Pending()
    early, late = finding("H", NOON), finding("H", NOON + timedelta(hours=2))
    other = finding("G", NOON + timedelta(hours=2))
    add(pending, [early, late, other], since={"H": NOON, "G": NOON})

    add(pending, [], since={"H": NOON + timedelta(hours=1)})

    assert list(pending.judged.findings) == [early, other]


def test_a_holder_is_replaced_from_the_earliest_point_named() -> None:
    pending = Pending()
    add(pending, [], since={"H": NOON})
    add(pending, [], since={"H": NOON + timedelta(hours=1), "G": NOON})

    assert pending.judged.replaces["holder"].to_list() == ["G", "H"]
    assert pending.judged.replaces["since_time"].to_list() == [NOON, NOON]


def test_a_finding_at_the_very_point_is_replaced() -> None:
    pending = Pending()
    add(pending, [finding("H", NOON)], since={"H": NOON})

    add(pending, [], since={"H": NOON})

    assert list(pending.judged.findings) == []


def test_rows_and_fates_add_up_over_batches() -> None:
    pending = Pending()
    add(pending, [], since={}, rows=3)
    add(pending, [], since={}, rows=2)

    assert pending.rows == 5
    assert pending.fates["scored"] == 5
    assert pending.archived is None


def test_movements_are_needed_from_the_earliest_citation_on() -> None:
    findings = [finding("H", NOON), finding("H", NOON + timedelta(days=3))]

    assert holders_since(findings) == {"H": NOON - timedelta(days=30)}


def add(
    pending: Pending, findings: list[Finding], *, since: dict[str, datetime], rows: int = 1
) -> None:
    message = Message(value=b"", where="", raw_ref="")
    batch = RawBatch(messages=[message] * rows, upto={"row": 1}, partition="files", is_end=False)
    accepted = Accepted(
        transactions=TransactionBatch(
            added=pl.DataFrame(schema=TRANSACTION),
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=None,
            seen_until=None,
        ),
        archived=pl.DataFrame(schema=ARCHIVED),
        rejects=[],
        fates={"scored": rows},
    )
    replaces = [(holder, time, 0, 0, 0, 0) for holder, time in since.items()]
    evaluated = Evaluated(
        features=pl.DataFrame(schema=TRIGGER),
        replaces=pl.DataFrame(replaces, schema=REPLACES, orient="row"),
    )
    pending.add(batch, accepted, evaluated, findings, {}, {})


def finding(holder: str, time: datetime) -> Finding:
    trigger = TriggerKey(time=time, sequence=0, txn="0" * 32, side=0)
    return Finding(
        typology="st-structuring",
        version=1,
        level=1,
        is_signal=False,
        subject_kind="customer",
        subject_id=holder,
        holder=holder,
        accounts=(),
        trigger=trigger,
        trigger_reference="T-FICT-1",
        window_start=time - timedelta(days=30),
        window_end=time,
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
                since=time - timedelta(days=30),
                upto=trigger,
                mask_any=1,
            ),
        ),
        feeders=(),
    )
