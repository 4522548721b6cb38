"""What a text names, as `docs/definitions.md` says: read sign by sign, from left to right."""

from collections.abc import Mapping
from typing import Literal
from unicodedata import category, name, normalize

BEFORE = frozenset("เแโใไເແໂໃໄ")
"""Vowels that stand before their consonant."""

AFTER = frozenset("ะัาิีึืฺุูๅ็่้๊๋์ํ๎ະັາິີຶື຺ຸູົຼຽ່້໊໋໌ໍ")
"""Vowels and tone marks that belong to the consonant before them."""

Kind = Literal["nothing", "word", "character", "before", "consonant", "after", "astray"]


def named(text: str | None, terms: Mapping[str, str | None]) -> frozenset[str]:
    """The concepts of the terms in it."""
    read = {tuple(tokens(term)): concept for term, concept in terms.items()}
    rest, found = tokens(text or ""), set()
    while rest:
        here = [term for term in read if rest[: len(term)] == list(term)]
        longest = max(here, key=len, default=(rest[0],))
        found.add(read.get(longest))
        rest = rest[len(longest) :]
    return frozenset(concept for concept in found if concept is not None)


def tokens(text: str) -> list[str]:
    """Chinese characters, Thai and Lao consonants with what is written around them, words."""
    found: list[str] = []
    last: Kind = "nothing"
    for sign in _folded(text):
        kind = _kind(sign)
        is_part = (
            (kind == "word" == last)
            or (kind == "consonant" and last == "before")
            or (kind == "after" and last in ("consonant", "after"))
        )
        if is_part:
            found[-1] += sign
        elif kind != "nothing":
            found.append(sign)
        last = "astray" if kind == "after" and not is_part else kind
    return found


def _folded(text: str) -> str:
    apart = normalize("NFKD", text)
    plain = "".join(sign for sign in apart if not "\u0300" <= sign <= "\u036f")
    return "".join("d" if sign == "đ" else sign for sign in plain.lower() if category(sign) != "Cf")


def _kind(sign: str) -> Kind:
    if category(sign)[0] not in "LMN":
        return "nothing"
    if sign in BEFORE:
        return "before"
    if sign in AFTER:
        return "after"
    script = name(sign, "").split(" ")[0]
    if script in ("THAI", "LAO"):
        return "consonant"
    return "character" if script == "CJK" else "word"
