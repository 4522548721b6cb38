"""The keyword list that ships: every concept in every language alike, and no language decides."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lexicon import Concept, Lexicon
from ingest.reference import References
from models.bundle import Terms, load_bundle
from models.mask import Mask
from models.movement import CONCEPT_BITS, Classifier
from models.names import Names
from tests.models.standing import LEXICON, frame
from tests.models.strategies import START, TERMS, TEXTS, transfer
from tests.oracle import words

BUNDLE = load_bundle(base_currency="LAK", references="", rates="")
SHIPPED = Lexicon(BUNDLE.terms())
LANGUAGES = ("en", "lo", "th", "vi", "zh")
LATIN = ("en", "vi")
KEYWORDS = [each for each in BUNDLE.keywords if each.concept]
HOLDING = [each for each in BUNDLE.keywords if not each.concept]


def named(text: str) -> Concept:
    return Concept(SHIPPED.concepts(pl.Series([text]))[0])


def test_every_concept_is_told_in_every_language() -> None:
    assert {(each.concept, each.language) for each in KEYWORDS} == {
        (concept, language) for concept in Concept for language in LANGUAGES
    }


def test_every_entry_says_where_it_is_from_how_far_that_was_checked_and_its_innocent_use() -> None:
    for each in BUNDLE.keywords:
        assert min(len(each.source), len(each.innocent), len(each.texts)) > 0
        assert each.verification in ("V", "M")


def test_what_is_not_english_waits_for_a_reader_of_the_language() -> None:
    assert {each.verification for each in BUNDLE.keywords if each.language != "en"} == {"M"}


@pytest.mark.parametrize("terms", KEYWORDS, ids=lambda e: f"{e.concept.name}-{e.language}")
def test_each_term_names_its_concept_and_nothing_else(terms: Terms) -> None:
    gap = " " if terms.language in LATIN else ""
    for text in terms.texts:
        for said in (text, text.upper(), f"500{gap} {text}{gap} 20.3.", f"({text})"):
            assert named(said) == terms.concept, said


@pytest.mark.parametrize("terms", HOLDING, ids=lambda e: e.language)
def test_words_that_only_hold_a_term_name_nothing(terms: Terms) -> None:
    for text in terms.texts:
        assert named(text) == Concept(0), text


def test_no_latin_term_is_so_short_that_its_letters_are_another_word() -> None:
    short = [t for each in KEYWORDS if each.language in LATIN for t in each.texts if len(t) < 4]

    assert short == []


@pytest.mark.parametrize(
    "text",
    [
        "no, thank you",
        "Ransome Trading Co.",
        "Phiney Moigioia",
        "Mrs Passportine",
        "INV-2024-DEBT0099",
        "Noi Khamvongsa",
        "rent March",
        "ຄ່າເຊົ່າເຮືອນ",
        "ຄ່າເຮືອນ ເດືອນ 5",
        "ค่าอาหารเด็ก",
        "ไปพักผ่อนกับครอบครัว",
        "给大家用的钱",
        "工作证明",
        "com trua",
        "nộp tiền nhà",
    ],
)
def test_ordinary_texts_and_names_name_nothing(text: str) -> None:
    assert named(text) == Concept(0)


def test_a_movement_carries_the_concept_and_nothing_of_the_language() -> None:
    classifier = Classifier(
        names=Names(),
        references=References(),
        bundle=BUNDLE,
        own_ledger_accounts=frozenset(),
        is_hour_known=True,
        usd_minor=lambda _: None,
    )
    rows = frame([transfer("A-FICT-1", "A-FICT-2", START, 100) for _ in KEYWORDS])
    said = pl.Series([each.texts[0] for each in KEYWORDS])

    moved = classifier.movements(
        rows.with_columns(SHIPPED.concepts(said).alias("concepts")), first_row=0
    )

    masks = moved.columns.mask.reshape(2, len(KEYWORDS))
    for concept, bit in CONCEPT_BITS.items():
        of_concept = [at for at, each in enumerate(KEYWORDS) if each.concept == concept]
        for side in masks:
            assert len({int(mask) for mask in side[of_concept]}) == 1
            assert Mask(int(side[of_concept[0]])) & sum(CONCEPT_BITS.values(), Mask(0)) == bit
    assert set(CONCEPT_BITS) == set(Concept)


def _alphabet() -> list[str]:
    every = {sign for text in (*TERMS, *(t for t in TEXTS if t)) for sign in text}
    return sorted(every | set(" -/.5เแ່็\u200b\uff32é"))


PARTS = st.one_of(st.sampled_from(list(TERMS)), st.text(st.sampled_from(_alphabet()), max_size=4))


@settings(max_examples=400, deadline=timedelta(seconds=5))
@given(st.lists(PARTS, max_size=6).map("".join))
def test_texts_are_read_as_an_independent_reader_reads_them(text: str) -> None:
    found = Concept(LEXICON.concepts(pl.Series([text]))[0])

    assert {concept.name for concept in found} == words.named(text, TERMS)
