"""The standards once more, one number at a time, as plainly as they are written.

Slow on purpose and sharing no code with the package or the macros: what both are measured against.
Keep out: speed.
"""

from datetime import date

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
CHECKS = "10X98765432"
DIGITS = "0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


DROPPED = {
    *range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F,
    0x2060, 0x3000, 0xFEFF,  # white space and marks nobody sees
    0x2D, *range(0x2010, 0x2016), 0x2212, 0xFE63, 0xFF0D,  # hyphens
    0x28, 0x29, 0xFF08, 0xFF09, 0x22, 0x27, 0x60, 0x2018, 0x2019, 0x201C, 0x201D, 0xFF02, 0xFF07,
}  # fmt: skip
LIKE_X = {0xD7, 0x2715, 0x2716, 0x425, 0x445, 0x3A7, 0x3C7, 0x2169, 0x2179}
LIKE_DOT = {0xFF0E, 0x3002, 0x30FB}


def normalised(text: str | None) -> str | None:
    """Half-width capitals without blanks, hyphens, brackets and quotes; None when empty."""
    out = ""
    for character in text or "":
        place = ord(character)
        if place in DROPPED:
            continue
        if place in LIKE_X:
            out += "X"
        elif place in LIKE_DOT:
            out += "."
        else:
            half = chr(place - 0xFEE0) if 0xFF10 <= place <= 0xFF5A else character
            known = half.isascii() and half.isalnum()
            out += half.upper() if known else character
    return out or None


def resident_check(first17: str) -> str:
    return CHECKS[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def upgraded(number15: str) -> str:
    body = number15[:6] + "19" + number15[6:]
    return body + resident_check(body)


def all_in(text: str, alphabet: str) -> bool:
    return all(character in alphabet for character in text)


def resident_grade(
    number: str | None, *, as_of: date, area_in_force: dict[str, bool] | None
) -> str | None:
    if number is None:
        return None
    if len(number) not in (15, 18):
        return "length"
    if not all_in(number[:17], DIGITS) or not all_in(number[17:], DIGITS + "X"):
        return "charset"
    whole = upgraded(number) if len(number) == 15 else number
    try:
        birth = date(int(whole[6:10]), int(whole[10:12]), int(whole[12:14]))
    except ValueError:
        return "date_impossible"
    if birth.year < 1800:
        return "date_impossible"
    if birth > as_of:
        return "date_future"
    if resident_check(whole[:17]) != whole[17]:
        return "checksum"
    if area_in_force is None or (len(number) == 18 and number[0] == "9"):
        return "ok"
    if number[:6] not in area_in_force:
        return "area_unknown"
    return "ok" if area_in_force[number[:6]] else "area_historic"


def organisation_check(body: str) -> str:
    total = sum(
        (DIGITS + CAPITALS).index(c) * w
        for c, w in zip(body, [3, 7, 9, 10, 5, 8, 4, 2], strict=True)
    )
    return {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def organisation_grade(number: str | None) -> str | None:
    if number is None:
        return None
    if len(number) != 9:
        return "length"
    if not all_in(number[:8], DIGITS + CAPITALS) or number[8] not in DIGITS + "X":
        return "charset"
    return "ok" if organisation_check(number[:8]) == number[8] else "checksum"


def uscc_check(first17: str) -> str:
    total = sum(USCC.index(c) * 3**i for i, c in enumerate(first17))
    return USCC[(31 - total % 31) % 31]


def uscc_grade(
    number: str | None, *, categories: set[str], area_in_force: dict[str, bool]
) -> str | None:
    if number is None:
        return None
    if len(number) != 18:
        return "length"
    if not all_in(number, USCC) or not all_in(number[2:8], DIGITS):
        return "charset"
    if uscc_check(number[:17]) != number[17]:
        return "checksum"
    if organisation_check(number[8:16]) != number[16]:
        return "organisation_checksum"
    if number[:2] not in categories:
        return "category_unknown"
    if number[2:8] not in area_in_force:
        return "area_unknown"
    return "ok" if area_in_force[number[2:8]] else "area_historic"


def registration_check(first14: str) -> str:
    product = 10
    for digit in first14:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def registration_grade(number: str | None) -> str | None:
    if number is None:
        return None
    if len(number) not in (13, 15):
        return "length"
    if not all_in(number, DIGITS):
        return "charset"
    if len(number) == 13:
        return "unchecked"
    return "ok" if registration_check(number[:14]) == number[14] else "checksum"


def licence_check(body: str) -> str:
    product = 36
    for character in body:
        product = ((product + (DIGITS + CAPITALS).index(character)) % 36 or 36) * 2 % 37
    return (DIGITS + CAPITALS)[(37 - product) % 36]


def licence_grade(number: str | None) -> str | None:
    if number is None:
        return None
    pieces = number.split(".")
    if pieces[:5] != ["1", "2", "156", "3005", "2"] or len(pieces) != 10 or "" in pieces:
        return "structure"
    kind, issuer, serial, version, check = pieces[5:]
    if not all_in("".join(pieces), DIGITS + CAPITALS):
        return "charset"
    if len(kind) != 21 or len(issuer) not in (18, 6) or len(check) != 1:
        return "length"
    if len(version) != 3 or not all_in(version, DIGITS) or version == "000":
        return "version"
    if licence_check(kind + issuer + serial + version) != check:
        return "checksum"
    return "issuer_is_division" if len(issuer) == 6 else "ok"
