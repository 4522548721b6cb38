"""A proposal is true when half of it is one crime and somebody guilty is accused."""

from alerts.alert import Alert
from palermo.quality.labels import Scheme
from palermo.quality.matching import Match, Matcher, first_alerts
from palermo.quality.proposals import proposals_of
from tests.palermo.quality.fiction import alert, scheme


def matched(alerts: list[Alert], *schemes: Scheme) -> Match:
    (proposal,) = proposals_of(alerts)
    return Matcher(schemes).match(proposal)


def test_an_alert_on_a_suspect_that_cites_the_scheme_finds_it() -> None:
    match = matched([alert(1, 10, "S1-0", "T-FICT-1")], scheme(1, 10))

    assert match.found == {"S1"}


def test_an_alert_on_a_suspect_for_something_else_finds_nothing() -> None:
    match = matched([alert(1, 10, "T-FICT-1")], scheme(1, 10))

    assert not match.is_true


def test_an_alert_on_a_stranger_that_cites_the_scheme_finds_nothing() -> None:
    match = matched([alert(1, 11, "S1-0")], scheme(1, 10))

    assert not match.is_true


def test_an_alert_on_a_child_whose_account_is_used_finds_the_scheme() -> None:
    child = scheme(
        1, 10, typology="cse-minor-account-control", bystanders=[(30, "possible_victim")]
    )

    assert matched([alert(1, 30, "S1-0")], child).found == {"S1"}
    assert not matched([alert(1, 30, "S1-0")], scheme(1, 10, bystanders=[(30, "payer")])).is_true


def test_half_of_the_subjects_is_enough() -> None:
    alerts = [alert(1, 10, "S1-0", case="x"), alert(2, 90, case="x")]

    assert matched(alerts, scheme(1, 10)).is_true


def test_a_third_of_the_subjects_is_not() -> None:
    alerts = [
        alert(1, 10, "S1-0", case="x"),
        alert(2, 90, case="x"),
        alert(3, 91, case="x"),
    ]

    assert not matched(alerts, scheme(1, 10)).is_true


def test_two_alerts_on_one_subject_count_as_one() -> None:
    alerts = [
        alert(1, 10, "S1-0", case="x"),
        alert(2, 90, case="x"),
        alert(3, 90, case="x", day=5),
    ]

    assert matched(alerts, scheme(1, 10)).is_true


def test_parts_of_two_strange_schemes_do_not_add_up_to_one() -> None:
    alerts = [
        alert(1, 10, "S1-0", case="x"),
        alert(2, 20, "S2-0", case="x"),
        alert(3, 90, case="x"),
        alert(4, 91, case="x"),
        alert(5, 92, case="x"),
    ]

    assert not matched(alerts, scheme(1, 10), scheme(2, 20)).is_true


def test_schemes_of_one_story_are_one_crime() -> None:
    alerts = [
        alert(1, 10, "S1-0", case="x"),
        alert(2, 20, "S2-0", case="x"),
        alert(3, 90, case="x"),
    ]

    match = matched(alerts, scheme(1, 10, story="A"), scheme(2, 20, story="A"))

    assert match.found == {"S1", "S2"}


def test_a_proposal_that_accuses_a_payer_only_is_false_and_said_so() -> None:
    match = matched([alert(1, 30, "S1-0")], scheme(1, 10, bystanders=[(30, "payer")]))

    assert not match.is_true
    assert match.accuses_bystanders_only


def test_the_first_alert_is_the_earliest_that_accuses_a_suspect() -> None:
    found = scheme(1, 10, bystanders=[(30, "payer")])
    early = alert(1, 30, "S1-0", case="x", day=2)
    right = alert(2, 10, "S1-1", case="x", day=3)
    later = alert(3, 10, "S1-0", case="x", day=5)

    match = matched([later, early, right], found)

    assert first_alerts([match]) == {"S1": right}


def test_the_first_of_two_alerts_within_a_second_is_the_earlier_one() -> None:
    half_a_second = 0.5 / 86_400
    early = alert(2, 10, "S1-0", case="x", day=3)
    later = alert(1, 10, "S1-1", case="x", day=3 + half_a_second)

    match = matched([later, early], scheme(1, 10))

    assert first_alerts([match]) == {"S1": early}
