"""SQL macros that make valid numbers of every kind the standards know.

Add a macro here when a new kind of number is issued. Keep out: validation of numbers found in data
(``citybase/identifiers``) and damage done to numbers (``defects.py``): shared code would let
one mistake hide in both the city and the check.

* resident number GB 11643-1999 (ISO 7064 MOD 11-2), 15-digit form GB 11643-1989
* organisation code GB 11714-1997 and unified social credit code GB 32100-2015
* registration number GS 15-2006 (MOD 11,10)
* e-licence identifier GB/T 36904-2018 (ISO 7064 MOD 37,36)
"""

from collections.abc import Iterable

import duckdb

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def install_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros."""
    for macro in (
        *_resident_macros(),
        *_organisation_macros(),
        *_registration_macros(),
        *_licence_macros(),
    ):
        connection.execute(f"create or replace temp macro {macro}")


def _resident_macros() -> tuple[str, ...]:
    # The weights of MOD 11-2 are 2^(18-i) mod 11: Horner's rule on the whole BIGINT needs no
    # weights, and the largest term stays under 2^63.
    terms = "n" + "".join(f" - {8 * 2 ** (k - 1)} * (n // {10**k})" for k in range(1, 17))
    return (
        f"resident_check(n) as substr('10X98765432', ((2 * ({terms})) % 11)::integer + 1, 1)",
        "resident_number(n) as n::varchar || resident_check(n)",
        "birth_digits(d) as (year(d) * 10000 + month(d) * 100 + day(d))::bigint",
    )


def _organisation_macros() -> tuple[str, ...]:
    # ``body`` is named once, inside a lambda: an argument that is itself a long expression would
    # otherwise be copied, and planning it would take longer than computing it.
    def weighted(digits: str, weights: Iterable[int]) -> str:
        listed = list(weights)
        return (
            f"list_sum(list_transform(range(1, {len(listed) + 1}), lambda p:"
            f" {listed}[p] * (strpos('{digits}', substr(b, p, 1)) - 1)))"
        )

    organisation_sum = weighted(_BASE_36, _ORGANISATION_WEIGHTS)
    credit_sum = weighted(_BASE_31, (3**place % 31 for place in range(17)))
    return (
        "organisation_code(body) as list_transform([body], lambda b:"
        f" b || substr('0X987654321', ({organisation_sum} % 11)::integer + 1, 1))[1]",
        "credit_code(body) as list_transform([body], lambda b: b || substr("
        f"'0YXWUTRQPNMLKJHGFEDCBA987654321', ({credit_sum} % 31)::integer + 1, 1))[1]",
        "letters_31_5(n) as "
        + " || ".join(
            f"substr('{_BASE_31}', (n // {31**k}) % 31 + 1, 1)" for k in range(4, -1, -1)
        ),
    )


def _registration_macros() -> tuple[str, ...]:
    # p <- ((p + d) mod 10, 10 for 0) * 2 mod 11, each step naming the one before once.
    state = "10"
    for place in range(14):
        digit = f"(n // {10 ** (13 - place)}) % 10"
        state = f"((({state} + {digit} + 9) % 10 + 1) * 2 % 11)"
    return (f"registration_number(n) as n::varchar || ((11 - {state}) % 10)::varchar",)


def _licence_macros() -> tuple[str, ...]:
    # ``after_text`` walks any text and is slow: for the few (type, issuer) prefixes and for serials
    # in hex. The rest of an identifier is a number, taken digit by digit in plain arithmetic.
    return (
        "after_text(state, code) as list_reduce("
        "list_prepend(state, list_transform(string_split(code, ''), "
        f"lambda c: strpos('{_BASE_36}', c) - 1)), "
        "lambda p, v: ((p + v + 35) % 36 + 1) * 2 % 37)",
        "licence_state_of(code) as after_text(36, code)",
        *(
            f"after_{places}_digits(state, n) as {_licence_steps(places, base=10)}"
            for places in (3, 9, 12, 15)
        ),
        f"after_10_letters(state, n) as {_licence_steps(10, base=36)}",
        "letters_10(n) as to_base(n, 36, 10)",
        f"licence_check(state) as substr('{_BASE_36}', (37 - state) % 36 + 1, 1)",
    )


def _licence_steps(places: int, *, base: int) -> str:
    """The state of MOD 37,36 after the digits of ``n``, each step naming the one before once."""
    state = "state"
    for place in range(places):
        digit = f"(n // {base ** (places - 1 - place)}) % {base}"
        state = f"((({state} + {digit} + 35) % 36 + 1) * 2 % 37)"
    return state
