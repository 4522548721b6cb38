"""Feeds in the shape of public benchmarks, by the mappings of docs/examples."""

import json
from pathlib import Path

from palermo.running import Wish, carry_out

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RING = ("A", "B", "C", "A")
AMLWORLD = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,"
    "Amount Paid,Payment Currency,Payment Format,Is Laundering"
)
SAML_D = (
    "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,"
    "Sender_bank_location,Receiver_bank_location,Payment_type,Is_laundering,Laundering_type"
)


def typologies(tmp_path: Path, example: str, rows: list[str]) -> list[tuple[str, str]]:
    """Subject and typology of each alert, after a run over the rows."""
    feed = tmp_path / "feed.csv"
    feed.write_text("\n".join(rows) + "\n", "utf-8")
    out = tmp_path / "out"
    carry_out(Wish(feed=str(feed), config=EXAMPLES / example / "palermo.toml", out=out))
    alerts = map(json.loads, (out / "alerts.ndjson").read_text("utf-8").splitlines())
    return [(alert["subject"]["id"], hit["id"]) for alert in alerts for hit in alert["typologies"]]


def test_a_circle_is_found_in_a_feed_of_the_amlworld_shape(tmp_path: Path) -> None:
    rows = [AMLWORLD] + [
        f"2026/03/0{day} 10:00,01,{payer},01,{payee},{sum_},US Dollar,{sum_},US Dollar,Wire,1"
        for day, (payer, payee, sum_) in enumerate(
            zip(RING, RING[1:], ("9000.00", "8800.00", "8500.00"), strict=False), start=1
        )
    ]

    found = typologies(tmp_path, "amlworld", rows)

    assert found == [("01 A", "st-cycle")]


def test_a_circle_is_found_in_a_feed_of_the_saml_d_shape(tmp_path: Path) -> None:
    rows = [SAML_D] + [
        f"10:00:0{day},2026-03-0{day},{payer},{payee},{sum_},UK pounds,UK pounds,UK,UK,ACH,1,Cycle"
        for day, (payer, payee, sum_) in enumerate(
            zip(RING, RING[1:], ("9000.00", "8800.00", "8500.00"), strict=False), start=1
        )
    ]

    found = typologies(tmp_path, "saml-d", rows)

    assert found == [("A", "st-cycle")]


def test_a_circle_unmade_by_an_amendment_leaves_no_alert(tmp_path: Path) -> None:
    out, feed = tmp_path / "out", tmp_path / "feed.ndjson"
    config = tmp_path / "palermo.toml"
    config.write_text('[feed]\nbase_currency = "USD"\ncurrency = "USD"\n', "utf-8")
    rows = [
        {
            "txn_id": f"T-{day}",
            "event_time": f"2026-03-0{day}T10:00:00+07:00",
            "txn_type": "TRANSFER",
            "amount": amount,
            "orig_account_id": payer,
            "benef_account_id": payee,
            "source_revision": revision,
        }
        for day, payer, payee, amount, revision in (
            (1, "A", "B", "9000", 1),
            (2, "B", "C", "8800", 1),
            (3, "C", "A", "8500", 1),
            (2, "B", "C", "880", 2),
        )
    ]
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    carry_out(Wish(feed=str(feed), config=config, out=out, batch_rows=1, checkpoint_rows=1))

    assert (out / "alerts.ndjson").read_text("utf-8") == ""
