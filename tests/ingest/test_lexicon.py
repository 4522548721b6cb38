"""Texts in, concepts out: whole words of any script, the longest first, and never the words."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from ingest.lexicon import HARMLESS, Concept, Lexicon
from ingest.narrow import pieces

Make = Callable[..., Any]

LEXICON = Lexicon(
    {
        "ransom": Concept.RELEASE,
        "release fee": Concept.RELEASE,
        "ค่าไถ่": Concept.RELEASE,
        "ค่าไถ่ถอน": HARMLESS,
        "ຄ່າໄຖ່": Concept.RELEASE,
        "tiền chuộc": Concept.RELEASE,
        "赎金": Concept.RELEASE,
        "visa": Concept.DOCUMENT,
        "visa card": HARMLESS,
        "ຄ່າເຮືອ": Concept.CROSSING,
        "ຄ່າເຮືອນ": HARMLESS,
        "ผ่อน": Concept.DEBT,
        "พักผ่อน": HARMLESS,
        "ໜີ້": Concept.DEBT,
        "trả nợ": Concept.DEBT,
        "đặt cọc": Concept.DEBT,
        "车费": Concept.CROSSING,
        "停车费": HARMLESS,
    }
)


def named(text: str) -> Concept:
    return Concept(LEXICON.concepts(pl.Series([text]))[0])


@pytest.mark.parametrize(
    "text",
    [
        "RANSOM",
        "for the Ransom, please",
        "ransom/9000",
        "\uff32\uff21\uff2e\uff33\uff2f\uff2d",
        "ra\u00adnsom",
        "release   fee",
        "Release-Fee",
        "tien chuoc",
        "TIỀN CHUỘC",
        "tie\u0302\u0300n chuo\u0323\u0302c",
        "จ่ายค่าไถ่ให้เขา",
        "ค่า ไถ่",
        "ค่า\u200bไถ่",
        "ສົ່ງຄ່າໄຖ່ແລ້ວ",
        "付赎金",
        "赎　金",
    ],
)
def test_case_width_marks_and_gaps_do_not_matter(text: str) -> None:
    assert named(text) == Concept.RELEASE


@pytest.mark.parametrize(
    "text",
    [
        "ransomed",
        "Ransome & Sons",
        "A. Transom",
        "REF RANSOM77X",
        "visas",
        "tien chuoca",
        "tra nobody",
        "ຄ່າໄຖ່ໍ",
        "ค่าไถ่า",
        "ผ่อนุ",
        "เຮືອ",
    ],
)
def test_a_term_inside_a_word_or_a_syllable_is_none(text: str) -> None:
    assert named(text) == Concept(0)


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("visa card 4000", Concept(0)),
        ("visa", Concept.DOCUMENT),
        ("visa card visa", Concept.DOCUMENT),
        ("ຄ່າເຮືອນ", Concept(0)),
        ("ຄ່າເຮືອ", Concept.CROSSING),
        ("ไปพักผ่อน", Concept(0)),
        ("ผ่อนรถ", Concept.DEBT),
        ("停车费", Concept(0)),
        ("车费", Concept.CROSSING),
        ("ค่าไถ่ถอนบ้าน", Concept(0)),
    ],
)
def test_a_longer_word_shields_the_term_it_holds(text: str, concept: Concept) -> None:
    assert named(text) == concept


def test_a_text_names_all_it_names_once() -> None:
    assert named("ransom visa 车费 ransom") == (
        Concept.RELEASE | Concept.DOCUMENT | Concept.CROSSING
    )


def test_what_a_text_names_depends_on_no_other_text() -> None:
    texts = pl.Series(["ransom", None, "", "rent", "visa", "ransom", "ຄ່າເຮືອ", "ransom visa"])

    whole = LEXICON.concepts(texts)

    for size in (1, 2, 3):
        parts = [LEXICON.concepts(texts[at : at + size]) for at in range(0, len(texts), size)]
        assert_series_equal(pl.concat(parts), whole, check_names=False)


def test_nothing_said_is_nothing_named() -> None:
    for texts in ([], [None, None], ["rent", None]):
        found = LEXICON.concepts(pl.Series(texts, dtype=pl.String()))

        assert found.to_list() == [0] * len(texts)
        assert found.dtype == pl.Int32()


def test_the_words_stay_in_the_archive_and_only_what_they_name_goes_on(
    row: Make, batch: Make, intake: Make
) -> None:
    taken = intake(lexicon=LEXICON).accept(batch([row(remittance_text="Ransom for my son")]))

    assert taken.archived["remittance_text"].to_list() == ["Ransom for my son"]
    assert "concepts" not in taken.archived.columns
    assert taken.transactions.added["concepts"].to_list() == [Concept.RELEASE]
    assert "remittance_text" not in taken.transactions.added.columns
    assert not any(b"Ransom" in piece for piece in pieces(taken.transactions))


def test_an_archive_is_read_by_the_lexicon_of_today(row: Make, batch: Make, intake: Make) -> None:
    archived = intake().accept(batch([row(remittance_text="ransom")])).archived

    again = intake(lexicon=LEXICON).restore(archived)

    assert_frame_equal(
        again.added,
        intake(lexicon=LEXICON).accept(batch([row(remittance_text="ransom")])).transactions.added,
    )
    assert again.added["concepts"].to_list() == [Concept.RELEASE]
