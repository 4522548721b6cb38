"""What speaks for the person is said in words, whichever test says it."""

import pytest

from alerts.exculpation import EXPLAINED, UNEXPLAINED, UNTESTED
from alerts.wording import TESTS
from detectors.catalogue import TEST_HISTORY
from models.mask import Test as Exculpation


@pytest.mark.parametrize(
    "told",
    [EXPLAINED, UNEXPLAINED, UNTESTED, TESTS, TEST_HISTORY],
    ids=["explains", "does not explain", "not testable", "title", "history"],
)
def test_every_test_has_its_words_and_its_least_history(told: dict[str, object]) -> None:
    assert set(told) == set(Exculpation.__members__)


@pytest.mark.parametrize("test", Exculpation.__members__)
def test_an_explanation_says_how_much_it_explains(test: str) -> None:
    assert EXPLAINED[test].count("{share}") == 1
