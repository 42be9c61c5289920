"""Cuts a clinical text into the words that are compared: one form for a word, and Chinese in pairs of characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["WORDS_VERSION", "distinct", "shown", "words"]

# Indexes that were made with another version are made anew, so whatever changes what `words` gives must change it.
WORDS_VERSION = f"1/{unicodedata.unidata_version}"
_MOST_CHARS = 40
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECES = re.compile(rf"([{_CJK}]+)|([^\W_{_CJK}]+)")
_ASCII = re.compile(r"[a-z0-9]+")
_MASK = re.compile(r"x{3,}")  # what stands in public reports where something was taken out
_LATIN = re.compile(r"[a-z]+")


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", "".join(one for one in decomposed if not unicodedata.combining(one)))


@lru_cache(maxsize=65_536)
def _form(word: str) -> str:
    """The one form of a word; '' for what is none. Plurals are taken back by Harman's weak stemmer (J Am Soc Inf Sci
    1991;42:7-15), for Latin letters alone."""
    cut = word[:_MOST_CHARS]
    if _MASK.fullmatch(cut):
        return ""
    if len(cut) < 4 or not cut.endswith("s") or cut.endswith(("us", "ss", "is")) or not _LATIN.fullmatch(cut):
        return cut
    if cut.endswith("ies") and not cut.endswith(("eies", "aies")):
        return cut[:-3] + "y"
    return cut[:-1]


def _spelt(text: str) -> Iterator[tuple[str, str]]:
    """Each word of a plain text, as it is compared and as it is written."""
    for run, word in _PIECES.findall(text):
        if word:
            if form := _form(word):
                yield form, word[:_MOST_CHARS]
        elif len(run) == 1:
            yield run, run
        else:
            for start in range(len(run) - 1):
                pair = run[start : start + 2]
                yield pair, pair


def words(text: str) -> list[str]:
    """The words of a text as they are compared, in order, with repetitions."""
    plain = _plain(text)
    if plain.isascii():
        return [form for word in _ASCII.findall(plain) if (form := _form(word))]
    return [form for form, _ in _spelt(plain)]


def distinct(text: str) -> list[str]:
    """Each word of a text once, in order."""
    return list(dict.fromkeys(words(text)))


def shown(text: str) -> dict[str, str]:
    """For each word of a text, how it is first written there (in small letters, without accents)."""
    first: dict[str, str] = {}
    for form, spelt in _spelt(_plain(text)):
        first.setdefault(form, spelt)
    return first
