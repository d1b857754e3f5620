"""The standards once more in the plainest Python, as independent of the SQL as can be."""

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_resident_number(number: str) -> bool:
    """GB 11643-1999: 17 digits and a check character."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
    return "10X98765432"[total % 11] == number[17]


def is_organisation_code(code: str) -> bool:
    """GB 11714-1997."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    if len(code) != 9:
        return False
    total = sum(_BASE_36.index(c) * w for c, w in zip(code[:8], weights, strict=True))
    return {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11)) == code[8]


def is_credit_code(code: str) -> bool:
    """GB 32100-2015, with the organisation code inside it."""
    if len(code) != 18 or any(c not in _BASE_31 for c in code):
        return False
    total = sum(_BASE_31.index(c) * 3**place for place, c in enumerate(code[:17]))
    return _BASE_31[(31 - total % 31) % 31] == code[17] and is_organisation_code(code[8:17])


def is_registration_number(number: str) -> bool:
    """GS 15-2006, MOD 11,10."""
    if len(number) != 15 or not number.isdigit():
        return False
    product = 10
    for digit in number[:14]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[14])


def is_licence_identifier(identifier: str) -> bool:
    """GB/T 36904-2018, MOD 37,36 over type, issuer, serial and version."""
    root, _, rest = identifier.partition("1.2.156.3005.2.")
    parts = rest.split(".")
    if root or len(parts) != 5 or len(parts[0]) != 21 or len(parts[3]) != 3:
        return False
    product = 36
    for character in "".join(parts[:4]):
        product = ((product + _BASE_36.index(character)) % 36 or 36) * 2 % 37
    return _BASE_36[(37 - product) % 36] == parts[4]


def normalised(number: str | None) -> str | None:
    """What a careful reader takes a written number for."""
    if number is None:
        return None
    table = str.maketrans("０１２３４５６７８９ＸxХ", "0123456789XXX")
    return number.strip().translate(table)


def in_18_digits(number: str) -> str:
    """The 15-digit form upgraded; everything else as it is."""
    if len(number) != 15 or not number.isdigit():
        return number
    stem = number[:6] + "19" + number[6:]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(stem, weights, strict=True))
    return stem + "10X98765432"[total % 11]
