"""Truth of proposals against the words of docs/scoring.md, said once more and slowly."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Role
from palermo.quality.labels import Scheme
from palermo.quality.matching import Matcher
from palermo.quality.proposals import proposals_of
from tests.palermo.quality.fiction import alert, scheme

STORIES = st.sampled_from([None, None, "told as one"])
PEOPLE = st.integers(1, 8)


@st.composite
def countries(draw: st.DrawFn) -> Sequence[Scheme]:
    """Up to three schemes of few people, so that they share members and stories often."""
    found = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        suspects = draw(st.sets(PEOPLE, min_size=1, max_size=3))
        payers = draw(st.sets(PEOPLE, max_size=2)) - suspects
        bystanders: list[tuple[int, Role]] = [(each, "payer") for each in sorted(payers)]
        found.append(scheme(number, *sorted(suspects), story=draw(STORIES), bystanders=bystanders))
    return found


@st.composite
def runs(draw: st.DrawFn) -> Sequence[Alert]:
    """Up to eight alerts in three cases, each citing up to two transactions."""
    cited = st.sets(st.sampled_from(["S1-0", "S2-0", "S2-1", "S3-1", "T-1"]), max_size=2)
    return [
        alert(
            number,
            draw(PEOPLE),
            *sorted(draw(cited)),
            case=draw(st.sampled_from(["x", "y", "z"])),
        )
        for number in range(draw(st.integers(1, 8)))
    ]


@given(countries(), runs())
def test_schemes_are_found_as_the_page_defines_it(
    schemes: Sequence[Scheme], alerts: Sequence[Alert]
) -> None:
    matcher = Matcher(schemes)

    found = {each.case_id: matcher.match(each).found for each in proposals_of(alerts)}

    assert found == {
        case: {each.scheme_id for each in schemes if is_found(each, schemes, members)}
        for case in {each.case_proposal_id for each in alerts}
        if (members := [each for each in alerts if each.case_proposal_id == case])
    }


def is_found(sought: Scheme, schemes: Sequence[Scheme], case: Sequence[Alert]) -> bool:
    """Half the subjects are alerted for its crime, and a suspect of its own for itself."""
    crime = [each for each in schemes if each is sought or is_same_story(each, sought)]
    of_crime = {who(each) for each in case if any(touches(each, told) for told in crime)}
    suspects = {member.party for member in sought.members if member.is_suspect}
    is_accused = any(touches(each, sought) and who(each) in suspects for each in case)
    return is_accused and len(of_crime) >= len({who(each) for each in case}) / 2


def is_same_story(one: Scheme, other: Scheme) -> bool:
    return one.story is not None and one.story == other.story


def touches(given_alert: Alert, told: Scheme) -> bool:
    cited = set(given_alert.typologies[0].transaction_ids)
    is_member = who(given_alert) in {member.party for member in told.members}
    return is_member and bool(cited & told.transaction_ids)


def who(given_alert: Alert) -> str:
    return given_alert.subject.id
