"""Several populations as one: what is pooled is what the union would have said."""

import pytest

from alerts.alert import Alert
from palermo.quality.pooled import pooled
from palermo.quality.score import Score, ScoreWish, score
from tests.palermo.quality.fiction import alert, labels, scheme

SCHEMES = (
    scheme(1, 10, bystanders=[(30, "possible_victim")]),
    scheme(2, 20, typology="st-funnel-geo", variant="evasive"),
    scheme(3, 40, typology="st-funnel-geo", variant="noisy"),
    scheme(4, 50, typology="sc-family-ransom", completes_after_hours=0),
)
ALERTS = (
    alert(1, 10, "S1-0", score=80.0, day=3),
    alert(3, 40, "S3-0", score=80.0, day=9),
    alert(4, 50, "S4-0", score=80.0, day=1),
)
WISH = ScoreWish(cuts={"persons": 50.0, "laundering": 50.0, "unusual": 0.0})


def of(*numbers: int) -> Score:
    """The score of a country with these schemes and the alerts on them."""
    alerts: list[Alert] = [ALERTS[at] for at, number in enumerate((1, 3, 4)) if number in numbers]
    return score(labels(*(SCHEMES[n - 1] for n in numbers)), alerts, WISH, sha256="0" * 64)


@pytest.mark.parametrize("parts", [((1, 2), (3, 4)), ((1,), (2, 3), (4,)), ((4, 1, 3, 2),)])
def test_countries_that_share_nothing_pool_to_the_country_of_all(
    parts: tuple[tuple[int, ...], ...],
) -> None:
    whole, made = of(1, 2, 3, 4), pooled([of(*numbers) for numbers in parts])

    assert made.schemes == whole.schemes == 4
    assert {(r.typology, r.variant): r.recall for r in made.recall} == {
        (r.typology, r.variant): r.recall for r in whole.recall
    }
    assert {row.typology: row for row in made.missed} == {row.typology: row for row in whole.missed}
    assert {(row.typology, row.since): row for row in made.delays} == {
        (row.typology, row.since): row for row in whole.delays
    }
    assert made.victims == whole.victims
    for name in (
        "found_before_last_transaction",
        "urgent_within_an_hour",
        "right_typology_named",
    ):
        assert getattr(made, name) == getattr(whole, name), name


def test_evasive_schemes_do_not_count_among_those_a_definition_is_written_for() -> None:
    made = pooled([of(1, 2, 3, 4)])

    counts = {row.typology: (row.recall.hits, row.recall.n) for row in made.answerable}
    assert counts == {
        None: (3, 3),
        "som-collector-fanin": (1, 1),
        "st-funnel-geo": (1, 1),
        "sc-family-ransom": (1, 1),
    }
