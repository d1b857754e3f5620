"""How a written number becomes comparable text, for every kind of number alike.

Add a character here when a source is seen to write it inside numbers, and to `normalise_number` in
dbt_project/macros/identifiers/number.sql: a test compares the two. Keep out: judgements (a
normalised number may still be wrong) and guesses such as O for 0: a person corrects those at the
source.
"""

import string

import polars as pl

_FULL_WIDTH = 0xFEE0

X_LOOK_ALIKES = "\u00d7\u2715\u2716\u0425\u0445\u03a7\u03c7\u2169\u2179"
"""Multiplication signs, Cyrillic and Greek letters, Roman ten: typed for the check character X."""

DOT_LOOK_ALIKES = "\uff0e\u3002\u30fb"

DROPPED = (
    " \t\n\r\v\f\u0085\u00a0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
    "()\uff08\uff09"
    "'`\"\u2018\u2019\u201c\u201d\uff07\uff02"
)
"""White space, invisible marks, hyphens (organisation codes have one), brackets, quotes."""


def _mapping() -> dict[str, str]:
    mapped = {lower: lower.upper() for lower in string.ascii_lowercase}
    for character in string.digits + string.ascii_letters:
        mapped[chr(ord(character) + _FULL_WIDTH)] = character.upper()
    mapped |= dict.fromkeys(X_LOOK_ALIKES, "X")
    mapped |= dict.fromkeys(DOT_LOOK_ALIKES, ".")
    mapped |= dict.fromkeys(DROPPED, "")
    return mapped


REPLACEMENTS = _mapping()
"""Character → its replacement; the empty string drops it."""


def _normalise(text: pl.Series) -> pl.Series:
    # Most numbers are clean, and one look is far cheaper than a rewrite: only the others are
    # rewritten.
    dirty = ~text.str.contains(r"^[0-9A-Z.]+$")
    if not dirty.any():
        return text
    rewritten = text.filter(dirty).str.replace_many(list(REPLACEMENTS), list(REPLACEMENTS.values()))
    rewritten = rewritten.set(rewritten == "", None)
    return text.scatter(dirty.arg_true(), rewritten)


def normalise(text: pl.Expr) -> pl.Expr:
    """Numbers as half-width capitals and digits; what is empty after that is null.

    Leaves dots (they part an e-licence identifier) and every character it does not know, which the
    grade then names.
    """
    return text.map_batches(_normalise, return_dtype=pl.String, is_elementwise=True)
