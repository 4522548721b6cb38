from collections.abc import Callable
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.intake import Accepted
from ingest.mapping import FeedSettings
from ingest.reference import Account, References
from ingest.sides import Sides

Make = Callable[..., Any]
OWN = Account(account_id="A-FICT-0001", holder=None)
ELSEWHERE = Account(account_id="A-FICT-0002", holder=None, institution="BANK-B")


@pytest.fixture
def held(row: Make, batch: Make, intake: Make) -> Callable[..., tuple[bool, bool]]:
    """Whether a row counts for the account debited and for the one credited."""

    def make(
        accounts: tuple[Account, ...] = (), given: dict[str, Any] | None = None, **settings: Any
    ) -> tuple[bool, bool]:
        references = References(accounts={account.account_id: [account] for account in accounts})
        taker = intake(references=references, institution="BANK-A", **settings)
        accepted: Accepted = taker.accept(batch([row(**(given or {}))]))
        (only,) = accepted.archived.to_dicts()
        return only["orig_holds"], only["benef_holds"]

    return make


def test_a_feed_of_both_sides_counts_for_both(held: Make) -> None:
    assert held() == (True, True)


def test_a_missing_side_never_counts(held: Make) -> None:
    assert held(given={"benef_account_id": None}) == (True, False)


def test_an_account_at_a_connected_institution_is_left_to_it(held: Make) -> None:
    assert held((OWN, ELSEWHERE), connected=["BANK-A", "BANK-B"]) == (True, False)
    assert held(given={"benef_agent_bic": "BANK-B"}, connected=["BANK-B"]) == (True, False)


def test_an_account_at_an_unconnected_institution_counts_from_what_is_seen(held: Make) -> None:
    assert held((OWN, ELSEWHERE)) == (True, True)


def test_the_other_leg_at_the_same_institution_has_a_row_of_its_own(held: Make) -> None:
    leg = {"direction": "DEBIT"}
    other = Account(account_id="A-FICT-0002", holder=None)

    assert held((OWN, other), leg, sides="one") == (True, False)
    assert held((OWN,), {**leg, "benef_agent_bic": "BANK-A"}, sides="one") == (True, False)
    assert held((OWN,), {"direction": "CREDIT"}, sides="one") == (False, True)


def test_the_other_side_elsewhere_counts_in_a_feed_of_one_side(held: Make) -> None:
    leg = {"direction": "DEBIT"}

    assert held((OWN, ELSEWHERE), leg, sides="one") == (True, True)
    assert held((OWN, ELSEWHERE), leg, sides="one", connected=["BANK-B"]) == (True, False)


def test_without_a_list_of_accounts_an_unknown_other_side_does_not_count(held: Make) -> None:
    leg = {"direction": "DEBIT"}

    assert held((), leg, sides="one") == (True, False)
    assert held((OWN,), leg, sides="one") == (True, True)


ACCOUNTS = st.sampled_from([None, "A-FICT-0001", "A-FICT-0002", "X-FICT-0009"])
BANKS = st.sampled_from([None, "BANK-A", "BANK-B", "BANK-C"])


@given(
    rows=st.lists(
        st.tuples(ACCOUNTS, ACCOUNTS, BANKS, BANKS, st.sampled_from(["DEBIT", "CREDIT", None]))
    ),
    sides=st.sampled_from(["one", "both"]),
    connected=st.sets(st.sampled_from(["BANK-A", "BANK-B"])),
    listed=st.lists(st.sampled_from([OWN, ELSEWHERE]), unique_by=id),
    institution=st.sampled_from([None, "BANK-A"]),
)
def test_all_rows_at_once_are_judged_as_each_is_alone(
    rows: list[tuple[str | None, ...]],
    sides: Literal["one", "both"],
    connected: set[str],
    listed: list[Account],
    institution: str | None,
) -> None:
    settings = FeedSettings(sides=sides, connected=sorted(connected), institution=institution)
    names = ("orig_account_id", "benef_account_id", "orig_agent_bic", "benef_agent_bic")
    frame = pl.DataFrame(rows, dict.fromkeys((*names, "direction"), pl.String), orient="row")
    references = References(accounts={each.account_id: [each] for each in listed})

    held = Sides(settings, references).held(frame.with_columns(source_id=pl.lit("BANK-C")))

    reporting = institution or "BANK-C"
    for number, (debited, credited, payer_bank, payee_bank, way) in enumerate(rows):
        for column, account, agent, own_way in (
            (held[0], debited, payer_bank, "DEBIT"),
            (held[1], credited, payee_bank, "CREDIT"),
        ):
            known = {each.account_id: each.institution or reporting for each in listed}
            bank = known.get(account, agent) if account is not None else None
            is_own = sides == "both" or way == own_way
            if account is None:
                expected = False
            elif sides == "both" and not connected:
                expected = True
            elif bank is None:
                expected = is_own or bool(listed)
            else:
                expected = is_own if bank == reporting else bank not in connected
            assert column[number] == expected
