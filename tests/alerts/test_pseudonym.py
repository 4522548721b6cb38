"""Readers who are not cleared learn what happened, and not to whom."""

from pathlib import Path

import pytest

from alerts.alert import Alert, alert_json
from alerts.errors import PseudonymKeyError, ReplayError, StoreFullError
from alerts.file_sink import FileSink
from alerts.pseudonym import Pseudonyms, protected
from alerts.replay import differing_fields
from alerts.store import Store
from detectors.finding import Finding
from tests.alerts.fiction import Move, finding, ledger, replaced_from, triage

RECEIVER = "C-FICT-01"
VICTIMS = ("C-FICT-010", "C-FICT-011")
KEY = b"k" * 32


@pytest.fixture
def alert(store: Store) -> Alert:
    moves = [
        Move(reference=f"R{n}", holder=victim, day=n, side=0, counterparty=RECEIVER)
        for n, victim in enumerate(VICTIMS)
    ]
    findings: list[Finding] = [
        finding("sx-drained-account", each, receiver=RECEIVER) for each in moves
    ]
    with store.transaction() as tx:
        triage().apply(
            tx,
            findings=findings,
            replaces=replaced_from(VICTIMS[0], -9).extend(replaced_from(VICTIMS[1], -9)),
            ledger=ledger(moves),
        )
        (found,) = triage().final_alerts(tx)
    return found


def test_protected_parties_appear_nowhere_in_the_record(alert: Alert) -> None:
    text = alert_json(Pseudonyms(KEY).hide(alert)).decode()

    assert protected(alert) == {*VICTIMS, "A-FICT-010", "A-FICT-011"}
    assert not any(each in text for each in protected(alert))


def test_the_receiver_and_the_transactions_stay_named(alert: Alert) -> None:
    hidden = Pseudonyms(KEY).hide(alert)

    assert hidden.subject == alert.subject
    assert RECEIVER in hidden.narrative["en"]
    assert hidden.typologies == alert.typologies


def test_a_pseudonym_is_the_same_under_one_key_and_another_under_another() -> None:
    names = [Pseudonyms(key).name("C-FICT-010") for key in (KEY, KEY, b"o" * 32)]

    assert names[0] == names[1] != names[2]


def test_a_key_that_is_missing_or_short_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "key"
    short.write_bytes(b"short")

    for path, word in ((None, "needed"), (tmp_path / "none", "existing"), (short, "needs 32")):
        with pytest.raises(PseudonymKeyError, match=word):
            Pseudonyms.from_file(path)


def test_the_file_holds_one_alert_a_line_and_is_private(alert: Alert, tmp_path: Path) -> None:
    path = FileSink(tmp_path).publish([alert, alert])

    assert path.read_bytes() == (alert_json(alert) + b"\n") * 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["alerts.ndjson"]


def test_a_sink_that_is_not_cleared_writes_pseudonyms(alert: Alert, tmp_path: Path) -> None:
    path = FileSink(tmp_path, pseudonyms=Pseudonyms(KEY)).publish([alert])

    assert not any(each in path.read_text() for each in protected(alert))


def test_a_file_that_cannot_be_written_leaves_the_old_one(alert: Alert, tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    path = sink.publish([alert])

    def broken() -> object:
        yield alert
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreFullError, match="No space left"):
        sink.publish(broken())  # type: ignore[arg-type]

    assert path.read_bytes() == alert_json(alert) + b"\n"
    assert not path.with_name("alerts.ndjson.part").exists()


def test_a_replayed_alert_is_compared_field_by_field(alert: Alert) -> None:
    import msgspec

    other = msgspec.structs.replace(alert, origin="replay", review_due_at="", score=1.0)

    assert differing_fields(alert_json(alert), alert) == []
    assert differing_fields(alert_json(alert), other) == ["score"]


def test_a_frozen_alert_that_cannot_be_read_is_said(alert: Alert) -> None:
    with pytest.raises(ReplayError, match="restore"):
        differing_fields(b"{", alert)
