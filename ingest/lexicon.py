"""What payment texts name: concepts, in whatever language. Only these go on, never the words."""

from collections.abc import Mapping
from enum import IntFlag

import polars as pl


class Concept(IntFlag):
    """What a text can name, as bits of the column `concepts`."""

    RECRUIT = 1 << 0
    """A fee to whoever finds work."""
    DOCUMENT = 1 << 1
    """Passport, visa, permit."""
    CROSSING = 1 << 2
    """A fare, a border crossed."""
    DEBT = 1 << 3
    RELEASE = 1 << 4
    """Money for somebody's freedom."""
    LODGING = 1 << 5
    COVER = 1 << 6
    """Family support, school, medicine: mostly true, and a known cover story."""


CONCEPTS = pl.Int32()

HARMLESS = Concept(0)
"""Of longer words that contain a term and do not mean it."""

LATIN_MARKS = r"[\u{0300}-\u{036F}]"
LEADING_VOWELS = r"\u{0E40}-\u{0E44}\u{0EC0}-\u{0EC4}"
"""Of Thai and Lao: written before the consonant after which they are spoken."""

ATTACHED = (
    r"\u{0E30}-\u{0E3A}\u{0E45}\u{0E47}-\u{0E4E}"  # Thai
    r"\u{0EB0}-\u{0EBD}\u{0EC8}-\u{0ECE}"  # Lao
)
"""Vowels and tone marks that belong to the consonant before them."""

TOKEN = (
    r"\p{Han}"
    rf"|[{LEADING_VOWELS}]?[[\p{{Thai}}\p{{Lao}}]--[{LEADING_VOWELS}{ATTACHED}]][{ATTACHED}]*"
    r"|[[\p{L}\p{M}\p{N}]--[\p{Thai}\p{Lao}\p{Han}]]+"
)
"""A Chinese character, a Thai or Lao consonant with all that is written around it, a word of any
other script. What a term matches begins and ends with one, so never inside a word or a syllable."""


class Lexicon:
    """Terms and the concepts they name. Of terms that begin at one place the longest is taken, and
    the next begins after it, which is how writing without spaces is read."""

    def __init__(self, terms: Mapping[str, Concept]) -> None:
        plain = _plain(pl.Series(list(terms), dtype=pl.String()))
        self._bits: dict[str, int] = {}
        for term, concept in zip(_tokens(plain), terms.values(), strict=True):
            self._bits[term] = self._bits.get(term, 0) | int(concept)
        # Of several that begin at one place the first of the list is taken.
        self._patterns = sorted(self._bits, key=lambda term: (-len(term), term))
        self._letters = sorted(set(_letters(plain)))

    def concepts(self, texts: pl.Series) -> pl.Series:
        """Of each text the Concept bits it names, 0 of none; each distinct text is read once."""
        distinct = texts.drop_nulls().unique()
        named = self._named(distinct) if self._patterns else pl.DataFrame()
        if named.is_empty():
            return pl.zeros(len(texts), CONCEPTS, eager=True)
        bits = texts.replace_strict(named["text"], named["bits"], default=0, return_dtype=CONCEPTS)
        return bits.fill_null(0)

    def _named(self, distinct: pl.Series) -> pl.DataFrame:
        """Those of the texts that name something, with what they name."""
        plain = _plain(distinct)
        # Cheap, and most texts hold the letters of no term at all.
        has_letters = (
            _letters(plain).to_frame("text").select(pl.col("text").str.contains_any(self._letters))
        )
        at = has_letters.to_series().arg_true()
        return (
            pl.DataFrame({"text": distinct[at], "tokens": _tokens(plain[at])})
            .with_columns(terms=pl.col("tokens").str.extract_many(self._patterns, leftmost=True))
            .filter(pl.col("terms").list.len() > 0)
            .explode("terms")
            .with_columns(bits=pl.col("terms").replace_strict(self._bits, return_dtype=CONCEPTS))
            .group_by("text")
            .agg(pl.col("bits").bitwise_or())
        )


def _plain(texts: pl.Series) -> pl.Series:
    """Compatible forms are one (NFKD), case and the marks of Latin letters are gone, and all that
    is no letter or digit is a space."""
    return (
        texts.str.normalize("NFKD")
        .str.replace_all(LATIN_MARKS, "")
        .str.to_lowercase()
        .str.replace_all("đ", "d", literal=True)
        .str.replace_all(r"\p{Cf}", "")
        .str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
    )


def _letters(plain: pl.Series) -> pl.Series:
    return plain.str.replace_all(" ", "", literal=True)


def _tokens(plain: pl.Series) -> pl.Series:
    """Each token in round brackets."""
    return _letters(plain.str.replace_all(TOKEN, "($0)"))
