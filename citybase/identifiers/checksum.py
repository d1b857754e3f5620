"""The check characters of the Chinese numbers, as polars expressions over well-formed text.

Add a function here for a further check system. Keep out: shapes and grades (each number kind's own
module). The callers guarantee the alphabet and the length; text outside them gives an undefined
value, not an error.
"""

from collections.abc import Sequence

import polars as pl

RESIDENT_CHECKS = "10X98765432"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALPHABET_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def resident_remainder(n17: pl.Expr) -> pl.Expr:
    """ISO 7064 MOD 11-2 sum of the first 17 digits, given as one Int64 (GB 11643-1999): 0..10.

    The weights are powers of two modulo 11, so the sum is the number's digits read in base 2; the
    largest term, 2 × 10^17, stays inside 64 bits.
    """
    total = n17
    for k in range(1, 17):
        total = total - (8 * 2 ** (k - 1)) * (n17 // 10**k)
    return (2 * total) % 11


def resident_check(n17: pl.Expr) -> pl.Expr:
    """The 18th character of a resident number: 0-9 or X."""
    return resident_remainder(n17).replace_strict(
        dict(enumerate(RESIDENT_CHECKS)), return_dtype=pl.String
    )


def characters(text: pl.Expr, length: int) -> pl.Expr:
    """The ASCII codes of texts that are all ``length`` bytes long, as one Array column."""
    return text.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, length))


def _code(codes: pl.Expr, index: int) -> pl.Expr:
    return codes.arr.get(index).cast(pl.Int32)


def _value_36(code: pl.Expr) -> pl.Expr:
    """0-9 → 0..9, A-Z → 10..35."""
    return code - 48 - 7 * (code >= 65).cast(pl.Int32)


def _value_31(code: pl.Expr) -> pl.Expr:
    """The place in the alphabet without I, O, S, V, Z: each letter passed lowers it by one."""
    skipped = pl.lit(0, pl.Int32)
    for letter in "IOSVZ":
        skipped = skipped + (code > ord(letter)).cast(pl.Int32)
    return _value_36(code) - skipped


def _weighted(values: Sequence[pl.Expr], weights: Sequence[int]) -> pl.Expr:
    total = pl.lit(0, pl.Int32)
    for value, weight in zip(values, weights, strict=True):
        total = total + value * weight
    return total


def uscc_holds(codes: pl.Expr) -> pl.Expr:
    """GB 32100-2015 MOD 31 over the Array of a unified social credit code's 18 characters."""
    values = [_value_31(_code(codes, i)) for i in range(18)]
    return _weighted(values, (*USCC_WEIGHTS, 1)) % 31 == 0


def organisation_holds(codes: pl.Expr, *, start: int = 0) -> pl.Expr:
    """GB 11714-1997 MOD 11 over nine characters of the Array, from ``start``; X stands for ten."""
    body = [_value_36(_code(codes, start + i)) for i in range(8)]
    check = _code(codes, start + 8)
    value = pl.when(check == ord("X")).then(10).when(check <= ord("9")).then(check - 48)
    holds = ((_weighted(body, ORGANISATION_WEIGHTS) + value) % 11 == 0).fill_null(value=False)
    return pl.when(codes.is_not_null()).then(holds)


def registration_holds(codes: pl.Expr) -> pl.Expr:
    """ISO 7064 MOD 11,10 over the Array of a registration number's 15 digits (GS 15-2006)."""
    product = pl.lit(10, pl.Int32)
    for i in range(14):
        product = (2 * ((product + _code(codes, i) - 49) % 10 + 1)) % 11
    return (product + _code(codes, 14) - 48) % 10 == 1


def _licence_check(body: pl.Series) -> pl.Series:
    measured = body.str.len_bytes().max()
    longest = measured if isinstance(measured, int) and measured > 0 else 1
    # The system starts at 36, and the letter I (18) leaves 36 where it is: padding with I in front
    # makes lengths equal.
    codes = characters(pl.col("body").str.pad_start(longest, "I"), longest)
    frame = pl.DataFrame({"body": body}).select(codes=codes, product=pl.lit(36, pl.Int32))
    # One step at a time: as one expression this would nest as deep as the text is long.
    for i in range(longest):
        value = _value_36(_code(pl.col("codes"), i))
        step = (2 * ((pl.col("product") + value - 1) % 36 + 1)) % 37
        frame = frame.with_columns(product=step)
    value = (37 - pl.col("product")) % 36
    return frame.select(
        value.replace_strict(dict(enumerate(ALPHABET_36)), return_dtype=pl.String)
    ).to_series()


def licence_check(body: pl.Expr) -> pl.Expr:
    """ISO 7064 MOD 37,36 check character of a text of 0-9A-Z.

    In GB/T 36904-2018 the text is type + issuer + serial + version.
    """
    return body.map_batches(_licence_check, return_dtype=pl.String, is_elementwise=True)
