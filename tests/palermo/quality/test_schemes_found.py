"""How soon schemes are found, under which name, and what victims are called."""

from alerts.alert import Alert
from palermo.quality.labels import Labels
from palermo.quality.matching import Match, Matcher
from palermo.quality.proposals import proposals_of
from palermo.quality.schemes_found import (
    before_the_end,
    delay_rows,
    missed_rows,
    recall_rows,
    rightly_named,
    urgent_in_time,
    victim_figures,
)
from tests.palermo.quality.fiction import alert, labels, scheme


def matches(known: Labels, *alerts: Alert) -> list[Match]:
    matcher = Matcher(known.schemes)
    return [matcher.match(proposal) for proposal in proposals_of(alerts)]


def test_recall_is_given_for_each_typology_and_variant() -> None:
    known = labels(
        scheme(1, 10),
        scheme(2, 20, variant="evasive"),
        scheme(3, 30, typology="st-funnel-geo"),
    )

    rows = recall_rows(matches(known, alert(1, 10, "S1-0")), known.schemes)

    counts = {(row.typology, row.variant): (row.recall.hits, row.recall.n) for row in rows}
    assert counts == {
        (None, None): (1, 3),
        (None, "textbook"): (1, 2),
        (None, "evasive"): (0, 1),
        ("som-collector-fanin", None): (1, 2),
        ("som-collector-fanin", "textbook"): (1, 1),
        ("som-collector-fanin", "evasive"): (0, 1),
        ("st-funnel-geo", None): (0, 1),
        ("st-funnel-geo", "textbook"): (0, 1),
    }


def test_each_missed_scheme_has_one_reason() -> None:
    known = labels(
        scheme(1, 10),
        scheme(2, 20),
        scheme(3, 30, completes_after_hours=None),
        scheme(4, 40),
        scheme(5, 50),
    )
    crowd = [alert(9 + each, 90 + each, case="x") for each in range(4)]
    every = matches(
        known,
        alert(1, 10, "S1-0", score=90.0),
        alert(2, 20, "S2-0", score=30.0),
        alert(4, 40, "S4-0", case="x"),
        *crowd,
    )

    overall, _ = missed_rows(every, [m for m in every if m.proposal.score > 50], known.schemes)

    counts = (overall.under_cut, overall.among_others, overall.never_completes, overall.silent)
    assert (overall.missed, counts) == (4, (1, 1, 1, 1))


def test_delay_runs_from_completion_and_from_the_start() -> None:
    known = labels(scheme(1, 10, day=1, completes_after_hours=48))

    rows = delay_rows(matches(known, alert(1, 10, "S1-0", day=4)), known.schemes, 1)

    overall = {row.since: row.median_hours.value for row in rows if row.typology is None}
    assert overall == {"completes_at": 24.0, "starts_at": 72.0}


def test_a_scheme_that_never_completes_has_no_delay_from_completion() -> None:
    known = labels(scheme(1, 10, completes_after_hours=None))

    rows = delay_rows(matches(known, alert(1, 10, "S1-0")), known.schemes, 1)

    assert {row.since: row.median_hours.n for row in rows if row.typology is None} == {
        "completes_at": 0,
        "starts_at": 1,
    }


def test_an_alert_at_the_last_transaction_is_not_before_it() -> None:
    known = labels(scheme(1, 10, day=1, days=3), scheme(2, 20, day=1, days=3))

    share = before_the_end(
        matches(known, alert(1, 10, "S1-0", day=4), alert(2, 20, "S2-0", day=3.9)), known.schemes
    )

    assert (share.hits, share.n) == (1, 2)


def test_an_urgent_scheme_must_be_alerted_within_the_hour() -> None:
    urgent = [
        scheme(number, number, typology="sc-family-ransom", day=1, completes_after_hours=0)
        for number in (1, 2, 3)
    ]
    known = labels(*urgent, scheme(4, 4))

    share = urgent_in_time(
        matches(known, alert(1, 1, "S1-0", day=1 + 1 / 24), alert(2, 2, "S2-0", day=1.05)),
        known.schemes,
    )

    assert (share.hits, share.n) == (1, 3)


def test_a_scheme_found_under_another_name_is_not_rightly_named() -> None:
    known = labels(scheme(1, 10), scheme(2, 20))

    share = rightly_named(
        matches(
            known,
            alert(1, 10, "S1-0"),
            alert(2, 20, "S2-0", typology="st-funnel-geo"),
        ),
        known.schemes,
    )

    assert (share.hits, share.n) == (1, 2)


def test_a_possible_victim_called_controller_is_counted() -> None:
    known = labels(
        scheme(1, 10, bystanders=[(30, "possible_victim"), (31, "possible_victim")]),
    )
    named = alert(1, 10, "S1-0", roles=[(30, "possible_controller"), (10, "collector")])

    figures = victim_figures([named], known)

    assert (figures.called_controller.hits, figures.called_controller.n) == (1, 2)
    assert (figures.called_victim.hits, figures.called_victim.n) == (0, 1)
