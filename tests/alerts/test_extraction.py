"""Totals per payer and receiver: they add up, whatever moved."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alerts.extraction import Asked, ExtractionLedger, LeftOut, extraction_ledger
from alerts.extraction_page import render_extraction
from alerts.extraction_words import endings, left_out
from alerts.trace import Line, follow

START = datetime(2026, 1, 5, tzinfo=UTC)
OWN = ("A-FICT-1", "A-FICT-2", "A-FICT-3")
OTHERS = ("A-FICT-8", "A-FICT-9")
HOLDERS = {"A-FICT-1": "C-FICT-1", "A-FICT-2": "C-FICT-1", "A-FICT-3": "C-FICT-3"}


def transfers(drawn: list[tuple[str, str | None, int]]) -> list[Line]:
    return [
        _line(minute, account, other, amount, is_in=is_in)
        for minute, (payer, receiver, amount) in enumerate(drawn, start=1)
        for account, other, is_in in ((payer, receiver, False), (receiver, payer, True))
        if account in OWN
    ]


def _line(minute: int, account: str, other: str | None, amount: int, *, is_in: bool) -> Line:
    out = "cash" if other is None else "transfer"
    return Line(
        account=account,
        party=HOLDERS[account],
        order=(START + timedelta(minutes=minute), 0, minute, 0, int(is_in)),
        is_in=is_in,
        amount=amount,
        link=f"T-FICT-{minute}",
        reference=f"T-FICT-{minute}",
        source_id="fict-bank",
        other_account=other,
        other_party=None if other is None else HOLDERS.get(other, other),
        use=None if is_in else ("cash" if out == "cash" else "transfer"),
        place=None,
    )


def ledger_of(lines: list[Line], left: LeftOut | None = None) -> ExtractionLedger:
    trace = follow(lines, first={"A-FICT-1", "A-FICT-2"}, hops=3)
    asked = Asked(
        case="CASE-FICT-1",
        subject="C-FICT-1",
        accounts=("A-FICT-1", "A-FICT-2"),
        first_day=date(2026, 1, 5),
        last_day=date(2026, 1, 6),
        time_zone="Asia/Vientiane",
        hops=3,
    )
    nothing = LeftOut(without_rate=0, late=0, hubs=())
    return extraction_ledger(trace, asked, currency="LAK", digits=2, left_out=left or nothing)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*OWN, *OTHERS)),
            st.sampled_from((*OWN, *OTHERS, None)),
            st.integers(1, 500),
        ).filter(lambda move: move[0] != move[1]),
        max_size=20,
    )
)
def test_what_each_party_received_is_what_became_of_it(
    drawn: list[tuple[str, str | None, int]],
) -> None:
    ledger = ledger_of(transfers(drawn))

    for each in ledger.receivers:
        became = sum(
            map(Decimal, (each.passed_on, each.kept, each.cash, each.spent, each.not_followed))
        )
        assert Decimal(each.received) == became, each
    for payer in ledger.payers:
        assert sum(map(Decimal, payer.ended_with.values())) == Decimal(payer.amount)
    assert sum((Decimal(each.amount) for each in ledger.payers), Decimal(0)) == Decimal(ledger.came)


def test_a_payers_loss_stands_beside_who_ended_with_it() -> None:
    lines = transfers(
        [
            ("A-FICT-8", "A-FICT-1", 1_000),
            ("A-FICT-9", "A-FICT-1", 500),
            ("A-FICT-1", "A-FICT-3", 1_200),
            ("A-FICT-3", None, 1_100),
        ]
    )

    ledger = ledger_of(lines)

    assert [(each.payer, each.amount) for each in ledger.payers] == [
        ("A-FICT-8", "10.00"),
        ("A-FICT-9", "5.00"),
    ]
    assert ledger.payers[1].ended_with == {"C-FICT-1": "3.00", "C-FICT-3": "2.00"}
    assert endings(ledger) == "still there 4.00, drawn as cash 11.00"
    assert [each.party for each in ledger.receivers] == ["C-FICT-1", "C-FICT-3"]
    assert ledger.receivers[1].transaction_ids == ("T-FICT-3", "T-FICT-4")


def test_a_page_escapes_what_it_shows_and_says_what_was_left_out() -> None:
    lines = transfers([("A-FICT-8", "A-FICT-1", 1_000), ("A-FICT-1", "A-FICT-3", 900)])
    left = LeftOut(without_rate=2, late=1, hubs=("<b>HUB</b>",))

    page = render_extraction(ledger_of(lines, left))

    assert "&lt;b&gt;HUB" in page
    assert "<b>HUB" not in page
    assert "<script" not in page
    assert [sentence[:1] for sentence in left_out(ledger_of(lines, left))] == ["N", "2", "1"]
