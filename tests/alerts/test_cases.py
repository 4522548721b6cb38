"""Alerts that share something become one case, whatever order they came in."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.alert import PartyRole, Role, Subject
from alerts.cases import LONGEST_SPAN, MOST_SUBJECTS, CaseMember, case_id, propose
from alerts.cases import member as case_member
from tests.alerts.fiction import START
from tests.alerts.samples import collector


def member(number: int, *keys: str, day: float = 0, subject: int | None = None) -> CaseMember:
    return CaseMember(
        alert_id=f"a{number:03d}",
        subject=f"customer:{number if subject is None else subject}",
        raised_at=START + timedelta(days=day),
        keys=frozenset(keys),
    )


def test_alerts_that_share_a_key_are_one_case() -> None:
    cases = propose([member(1, "x", "y"), member(2, "y"), member(3, "z")])

    assert cases["a001"] == cases["a002"] == case_id("a001")
    assert cases["a003"] == case_id("a003")


def test_alerts_joined_over_a_third_are_one_case() -> None:
    cases = propose([member(1, "x"), member(2, "y"), member(3, "x", "y", day=5)])

    assert set(cases.values()) == {case_id("a001")}


def test_one_payment_among_many_joins_no_alerts() -> None:
    many = [f"transaction:{n}" for n in range(40)]
    cases = propose([member(1, *many[:21]), member(2, *many[20:])])

    assert len(set(cases.values())) == 2


def test_alerts_that_rest_on_the_same_money_are_one_case() -> None:
    many = [f"transaction:{n}" for n in range(40)]
    cases = propose([member(1, *many[:22]), member(2, *many[20:])])

    assert len(set(cases.values())) == 1


def test_those_that_share_most_fill_a_case_first() -> None:
    crowd = [member(n, f"transaction:{n}", "transaction:x", "x") for n in range(MOST_SUBJECTS - 1)]
    stranger = member(100, *(f"transaction:s{n}" for n in range(9)), "transaction:x", day=1)
    partner = member(101, "transaction:0", day=2)

    cases = propose([*crowd, stranger, partner])

    assert cases["a101"] == cases["a000"]
    assert cases["a100"] != cases["a000"]


def test_a_payer_two_alerts_name_does_not_join_them_and_a_mule_does() -> None:
    assert _named_by_both("payer") == 2
    assert _named_by_both("mule") == 1


def test_a_case_has_at_most_twenty_subjects() -> None:
    cases = propose([member(n, "x", day=n) for n in range(MOST_SUBJECTS + 5)])

    assert sorted(map(list(cases.values()).count, sorted(set(cases.values())))) == [5, 20]


def test_alerts_on_one_subject_do_not_fill_a_case() -> None:
    cases = propose([member(n, "x", subject=1) for n in range(30)])

    assert len(set(cases.values())) == 1


def test_a_case_spans_at_most_sixty_days() -> None:
    days = LONGEST_SPAN / timedelta(days=1)

    inside = propose([member(1, "x"), member(2, "x", day=days)])
    outside = propose([member(1, "x"), member(2, "x", day=days + 0.001)])

    assert (len(set(inside.values())), len(set(outside.values()))) == (1, 2)


def _named_by_both(role: Role) -> int:
    """How many cases two alerts make that name one party in this role."""
    known = collector().alert
    part = PartyRole(
        party="C-FICT-9", account=None, role=role, why=(), against=(), transaction_ids=()
    )
    alerts = [
        replace(
            known,
            alert_id=f"{n:032x}",
            subject=Subject(kind="customer", id=f"C-FICT-{n}"),
            accounts=(f"A-FICT-{n}",),
            customers=(f"C-FICT-{n}",),
            typologies=(),
            links=(),
            roles=(part,),
        )
        for n in (1, 2)
    ]
    return len(set(propose(map(case_member, alerts)).values()))


@given(
    rows=st.lists(
        st.tuples(
            st.sets(st.sampled_from(["a", "b", "c", "transaction:d", "transaction:e"]), max_size=3),
            st.integers(0, 90),
        ),
        max_size=30,
    ),
    data=st.data(),
)
def test_cases_are_a_function_of_the_set_of_alerts(
    rows: list[tuple[set[str], int]], data: st.DataObject
) -> None:
    members = [member(n, *keys, day=day) for n, (keys, day) in enumerate(rows)]

    assert propose(data.draw(st.permutations(members))) == propose(members)
