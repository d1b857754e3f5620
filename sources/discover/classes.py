"""Suggests how a column has to be protected: from its name, its comment and, if asked, its values.

The strictest class that anything speaks for wins, and ``open`` is never suggested: what is nobody's
secret is decided by a person. Keep out: the words themselves (``vocabulary.py``), and every value
of a sample (only the suggestion leaves this module).
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from citybase.identifiers import resident
from sources.contract import Sensitivity
from sources.discover.codes import chinese_name
from sources.discover.found import FoundColumn
from sources.discover.vocabulary import CHINESE_WORDS, ENGLISH, INITIALS, SURNAMES, VAGUE_ENGLISH

_ORDER: tuple[Sensitivity, ...] = ("sensitive", "identifying", "personal")
_MIN_VALUES = 5
_MIN_SHARE = 0.6
_NUMBER = re.compile(r"(?<![0-9A-Za-z])([1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86-?)?1[3-9][0-9]{9}(?![0-9])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_CARD = re.compile(r"62[0-9]{14,17}")
_PERSON = re.compile(r"[\u3400-\u9fff·]{2,4}")


def suggested_class(
    column: FoundColumn, *, values: Sequence[str] = ()
) -> tuple[Sensitivity, str | None]:
    """The class, and what spoke for it where that was the values (never a value itself)."""
    named = _by_name(column)
    found = _by_values(values)
    if found is None or _rank(named) <= _rank(found[0]):
        return named, None
    return found


def _by_name(column: FoundColumn) -> Sensitivity:
    said = f"{column.comment or ''} {column.name}"
    by_comment = chinese_name(column.comment) or chinese_name(column.name)
    spoken = [c for c in _ORDER if any(word in said for word in CHINESE_WORDS[c])]
    name = column.name.lower()
    parts = _parts(column.name) - (VAGUE_ENGLISH if by_comment else set())
    spoken += [c for c in _ORDER if parts & ENGLISH[c]]
    # 项目 is xm too: initials are believed only where no Chinese name says what it is.
    if by_comment is None:
        spoken += [c for c in _ORDER if any(name.endswith(word) for word in INITIALS[c])]
    return min(spoken, key=_rank, default="internal")


def _by_values(values: Sequence[str]) -> tuple[Sensitivity, str] | None:
    texts = [value.strip() for value in values if value.strip()]
    if not texts:
        return None
    # One number anywhere, such as in a remark, makes the column one that names people.
    if _holds_resident_number(texts):
        return "identifying", "resident numbers in the sample"
    checks: tuple[tuple[Sensitivity, str, re.Pattern[str]], ...] = (
        ("sensitive", "bank card numbers", _CARD),
        ("identifying", "mobile phones", _PHONE),
        ("identifying", "e-mail addresses", _EMAIL),
    )
    if len(texts) < _MIN_VALUES:
        return None
    for sensitivity, what, pattern in checks:
        if _share(texts, [pattern.fullmatch(text) is not None for text in texts]) >= _MIN_SHARE:
            return sensitivity, f"{what} in the sample"
    people = [_PERSON.fullmatch(text) is not None and text[0] in SURNAMES for text in texts]
    # A handful of words again and again, such as 高中 and 金额, is a list, not people.
    if _share(texts, people) >= _MIN_SHARE and len(set(texts)) * 2 > len(texts):
        return "identifying", "names of people in the sample"
    return None


def _holds_resident_number(texts: Sequence[str]) -> bool:
    """Whether a number with a possible birth date and the right check character stands in one."""
    numbers = [number.upper() for text in texts for number in _NUMBER.findall(text)]
    if not numbers:
        return False
    number, n17 = pl.col("number"), pl.col("n17")
    graded = (
        pl.DataFrame({"number": numbers})
        .with_columns(resident.n17(number).alias("n17"))
        .select(
            resident.is_check_right(number, n17)
            & resident.is_date_possible(resident.birth_number(n17))
        )
    )
    return bool(graded.to_series().any())


def _parts(name: str) -> set[str]:
    """The words of an English name, and each pair of neighbours."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    words = re.findall(r"[a-z]+", spaced.lower())
    return set(words) | {"_".join(pair) for pair in pairwise(words)}


def _share(texts: Sequence[str], hits: Sequence[bool]) -> float:
    return sum(hits) / len(texts)


def _rank(sensitivity: Sensitivity) -> int:
    return _ORDER.index(sensitivity) if sensitivity in _ORDER else len(_ORDER)
