"""Look-alikes and groups: who is alerted without cause."""

from palermo.quality.innocents import falsely_proposed, group_rows, look_alike_rows
from palermo.quality.matching import Match, Matcher
from palermo.quality.proposals import proposals_of
from tests.palermo.quality.fiction import alert, customer, labels, look_alike, scheme

KNOWN = labels(
    scheme(1, 10),
    look_alikes=[look_alike(1, "remittance_agent", 50, 51), look_alike(2, "rosca", 60, 10)],
    customers=200,
    remitters=range(100, 150),
)


def matches(*numbered: tuple[int, int, str]) -> list[Match]:
    alerts = [alert(number, subject, cites) for number, subject, cites in numbered]
    return [Matcher(KNOWN.schemes).match(proposal) for proposal in proposals_of(alerts)]


def test_an_alert_that_cites_no_scheme_of_its_subject_is_without_cause() -> None:
    proposed = falsely_proposed(matches((1, 10, "S1-0"), (2, 50, "T-FICT-2")))

    assert proposed == {customer(50)}


def test_members_of_look_alikes_are_counted_by_kind() -> None:
    rows = look_alike_rows(falsely_proposed(matches((1, 50, "T-FICT-1"))), KNOWN)

    counts = {row.kind: (row.proposed.hits, row.proposed.n) for row in rows}
    assert counts == {None: (1, 3), "remittance_agent": (1, 2), "rosca": (0, 1)}


def test_false_alerts_of_a_group_are_held_against_the_others() -> None:
    proposed = [customer(100), customer(102), customer(3)]

    rows = {row.group: row for row in group_rows(proposed, KNOWN)}

    known = rows["remitters"].ratio
    assert (known.hits, known.n, known.other_hits, known.other_n) == (2, 50, 1, 149)
    assert known.value == (2 / 50) / (1 / 149)


def test_a_group_nobody_is_outside_of_has_no_row() -> None:
    assert "script lao" not in {row.group for row in group_rows([], KNOWN)}
