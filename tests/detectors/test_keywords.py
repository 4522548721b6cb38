"""Words lift a little and decide nothing, in whatever language they are written."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from detectors.catalogue import load_typologies
from detectors.finding import Finding
from detectors.typology import Typology
from ingest.lexicon import Concept, Lexicon
from models.bundle import load_bundle

BUNDLE = load_bundle(base_currency="LAK", references="", rates="")
LEXICON = Lexicon(BUNDLE.terms())
LOOKING = {
    id: each.keyword.concept
    for id, each in load_typologies().items()
    if isinstance(each, Typology) and each.keyword is not None
}
ALL = Concept(sum(Concept))


def saying(case: Any, concepts: int) -> Any:
    """The case where the text of every row names these concepts."""
    named = case.transactions.with_columns(concepts=pl.lit(concepts, pl.Int32))
    return replace(case, transactions=named)


def names_of(found: list[Finding]) -> list[tuple[Any, ...]]:
    return [(f.typology, f.holder, f.trigger, f.cleared_by, f.links) for f in found]


def test_each_concept_is_looked_for_by_a_typology() -> None:
    assert set(LOOKING.values()) == set(Concept)


def test_no_word_makes_or_unmakes_a_finding(case: Any, judged: Any) -> None:
    assert names_of(judged(saying(case, ALL))) == names_of(judged(saying(case, 0)))


def test_words_lift_by_a_tenth_of_the_strength_at_most(case: Any, judged: Any) -> None:
    silent, said = judged(saying(case, 0)), judged(saying(case, ALL))

    for before, after in zip(silent, said, strict=True):
        if before.typology in LOOKING:
            assert after.strength == pytest.approx(min(1.0, 1.1 * before.strength), abs=2e-6)
        elif before.level == 1:
            assert after.strength == before.strength


def test_a_concept_nobody_named_is_no_fact(case: Any, judged: Any) -> None:
    for finding in judged(saying(case, 0)):
        assert not any(fact.name.endswith("_named") for fact in finding.facts)


@pytest.mark.parametrize("typology", LOOKING)
def test_the_same_concept_in_any_language_gives_the_same_finding(
    every_case: list[Any], judged: Any, typology: str
) -> None:
    case = next(c for c in every_case if c.typology == typology and c.expects == "fires")
    languages = [each for each in BUNDLE.keywords if each.concept == LOOKING[typology]]
    height = case.transactions.height

    found = [
        judged(saying(case, LEXICON.concepts(pl.Series(each.texts[:1] * height))[0]))
        for each in languages
    ]

    assert len(languages) == 5
    assert all(of_language == found[0] for of_language in found)
    told = {f.name for finding in found[0] for f in finding.facts if f.name.endswith("_named")}
    assert told == {f"{LOOKING[typology].name}_named".lower()}


def test_a_concept_is_a_family_of_facts_only_where_it_is_rare(
    every_case: list[Any], judged: Any
) -> None:
    case = next(c for c in every_case if c.typology == "som-collector-fanin")
    said = saying(case, Concept.CROSSING)

    common = families(judged(said))
    rare = families(judged(said, rare=lambda _: frozenset({Concept.CROSSING})))
    other = families(judged(said, rare=lambda _: frozenset({Concept.DEBT})))

    assert common == other == {("crossing_named", None)}
    assert rare == {("crossing_named", "keyword")}


def families(found: list[Finding]) -> set[tuple[str, str | None]]:
    return {
        (fact.name, fact.family)
        for finding in found
        for fact in finding.facts
        if fact.name.endswith("_named")
    }
