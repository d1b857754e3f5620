"""Numbers by the million, right and damaged, made in DuckDB: the same ones on every run.

Each query yields `i` and `raw`. The right check characters come from the weights written out, digit
by digit: neither from the macros nor from the package. A damage to add goes into `_DAMAGE`. Keep
out: judgements.
"""

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
A31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
A36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pick(salt: int, choices: int) -> str:
    """A number 0..choices-1 that looks random and depends on the row and the salt only."""
    return f"cast(hash(i * 1000003 + {salt}) % {choices} as int)"


def letter(alphabet: str, salt: int) -> str:
    return f"substr('{alphabet}', 1 + {pick(salt, len(alphabet))}, 1)"


def _changed(place: str, character: str) -> str:
    return f"substr(good, 1, {place} - 1) || {character} || substr(good, {place} + 1)"


_PLACE = f"(1 + {pick(90, 1000)} % length(good))"
_SHORT = f"(1 + {pick(91, 1000)} % (length(good) - 1))"
_WIDE_DIGITS = "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"
_WIDE = f"translate(good, '0123456789X', '{_WIDE_DIGITS}\uff58')"

_DAMAGE = (
    _changed(_PLACE, letter("0123456789", 92)),
    _changed(_PLACE, letter("0123456789X", 93)),
    _changed(_PLACE, letter(A36 + "-./?", 94)),
    _changed(_PLACE, letter("\u5170\u25cb\u3007O\u00e9\u00df\u0131", 95)),
    f"substr(good, 1, {_SHORT} - 1) || substr(good, {_SHORT} + 1, 1)"
    f" || substr(good, {_SHORT}, 1) || substr(good, {_SHORT} + 2)",
    f"substr(good, 1, {_SHORT})",
    f"substr(good, 1, {_PLACE}) || '7' || substr(good, {_PLACE} + 1)",
    "lower(good)",
    "' ' || good || chr(9)",
    f"substr(good, 1, {_SHORT}) || '\u3000' || substr(good, {_SHORT} + 1)",
    f"substr(good, 1, {_SHORT}) || '-' || substr(good, {_SHORT} + 1)",
    _WIDE,
    "replace(good, 'X', '\u0425')",
    "replace(good, 'X', '\u00d7')",
    "'''' || good",
    "good || chr(13) || chr(10)",
    "''",
    "null",
    "repeat(' ', 3)",
    "'+' || substr(good, 2)",
    "substr(good, 1, 6) || '.' || substr(good, 8)",
    "substr(good, 1, 6) || '_' || substr(good, 8)",
)


def damaged(good: str, rows: int) -> str:
    """Half of the rows as they are, half damaged in one of the ways above."""
    arms = "\n".join(f"when {k} then {sql}" for k, sql in enumerate(_DAMAGE))
    return f"""
        with right_one as materialized ({good.format(rows=rows)})
        select i, case when {pick(99, 2)} = 0 then good
            else case {pick(98, len(_DAMAGE))} {arms} end end as raw
        from right_one
    """


def resident(rows: int) -> str:
    """18 and 15 digits; areas known, unknown and 9…; some dates impossible or in the future."""
    total = " + ".join(
        f"cast(substr(body, {k + 1}, 1) as int) * {w}" for k, w in enumerate(WEIGHTS)
    )
    good = f"""
        with area as (
            select division_code, row_number() over (order by division_code) - 1 as place
            from (select distinct division_code from code_division_national)
        ),
        drawn as materialized (
            select i, {pick(1, 8)} as form,
                case {pick(2, 10)}
                    when 0 then printf('%06d', {pick(3, 1000000)})
                    when 1 then '9' || printf('%05d', {pick(3, 100000)})
                    else division_code end as area,
                case {pick(4, 12)}
                    when 0 then printf('%08d', {pick(5, 100000000)}) when 1 then printf('%04d0229',
                    1890 + {pick(5, 150)}) when 2 then printf('%04d%02d%02d', 1700 + {pick(5, 400)},
                    {pick(6, 14)}, {pick(7, 33)}) when 3 then strftime(date '2026-11-15' + {
        pick(5, 15)
    }, '%Y%m%d') else strftime(date '1900-01-01' + {pick(5, 46000)}, '%Y%m%d')
                    end as birth,
                printf('%03d', case {pick(8, 9)} when 0 then 990 + {pick(9, 10)}
                    else {pick(9, 1000)} end) as sequence
            from range({{rows}}) as t(i)
            left join area on area.place = {pick(10, 7000)}
        ),
        body as materialized (select *, area || birth || sequence as body from drawn)
        select i, case when form = 0 then area || substr(birth, 3) || sequence
            else body || substr('10X98765432', 1 + ({total}) % 11, 1) end as good
        from body
    """
    return damaged(good, rows)


def _inner(body: str) -> str:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = " + ".join(
        f"(position(substr({body}, {k + 1}, 1) in '{A36}') - 1) * {w}"
        for k, w in enumerate(weights)
    )
    return f"{body} || substr('0X987654321', 1 + ({total}) % 11, 1)"


def organisation(rows: int) -> str:
    body = " || ".join(letter(A36 if k < 2 else "0123456789", 20 + k) for k in range(8))
    drawn = f"select i, {body} as body from range({{rows}}) t(i)"
    good = f"select i, {_inner('body')} as good from ({drawn})"
    return damaged(good, rows)


def uscc(rows: int) -> str:
    body = " || ".join(letter(A31 if k < 3 else "0123456789", 20 + k) for k in range(8))
    total = " + ".join(
        f"(position(substr(body, {k + 1}, 1) in '{A31}') - 1) * {3**k % 31}" for k in range(17)
    )
    pairs = "['11', '12', '51', '54', '91', '92', '93', 'N1', 'N2', 'Y1', '85', 'A7', 'XX']"
    inner = f"case when {pick(14, 8)} = 0 then org8 || {letter(A31, 15)} else {_inner('org8')} end"
    good = f"""
        with area as (
            select division_code, row_number() over (order by division_code) - 1 as place
            from (select distinct division_code from code_division_national)
        ),
        drawn as materialized (
            select i, {pairs}[1 + {pick(11, 13)}] as pair,
                case when {pick(12, 10)} = 0 then printf('%06d', {pick(13, 1000000)})
                    else coalesce(division_code, '100000') end as area, {body} as org8
            from range({{rows}}) as t(i)
            left join area on area.place = {pick(16, 7300)}
        ),
        body as materialized (select i, pair || area || {inner} as body from drawn)
        select i, body || substr('{A31}', 1 + (31 - ({total}) % 31) % 31, 1) as good from body
    """
    return damaged(good, rows)


def registration(rows: int) -> str:
    """Check digits at random, one in ten is right; one number in eight has 13 digits, no check."""
    good = f"""
        select i, printf('%06d', 371300 + {pick(1, 30)}) || case {pick(3, 8)}
            when 0 then printf('%07d', {pick(2, 10000000)})
            else printf('%08d', {pick(2, 100000000)}) || {letter("0123456789", 4)} end as good
        from range({{rows}}) t(i)
    """
    return damaged(good, rows)


def licence(rows: int) -> str:
    """Check characters at random: one in 36 is right."""
    good = f"""
        select i, '1.2.156.3005.2.' || case {pick(1, 9)} when 0 then '11100000MB03271699001'
                when 1 then '11100000013338W032' else '11100000000013338W032' end
            || '.' || case {pick(2, 5)} when 0 then '371302' when 1 then '3713'
                else '11220000013544541J' end
            || '.' || upper(substr(md5(cast(i as varchar)), 1, 1 + {pick(3, 32)}))
            || '.' || printf('%03d', {pick(4, 12)}) || '.' || {letter(A36, 5)} as good
        from range({{rows}}) t(i)
    """
    return damaged(good, rows)


def permit(rows: int) -> str:
    shapes = "['H', 'M', 'CHN', 'HKG0', 'TWN0', 'MAC0', '', '9', '12', '0012345678']"
    good = f"""
        select i, {shapes}[1 + {pick(1, 10)}] || substr('123456789012345678', 1 + {pick(2, 15)})
            || case {pick(3, 4)} when 0 then {letter(A36, 4)} else '' end as good
        from range({{rows}}) t(i)
    """
    return damaged(good, rows)
