"""What a cell says to a column: its text in the one form that conversion reads, or why it has none.

Excel keeps 15 significant digits of a number, counts days, and believes in 1900-02-29. Where a
value can still be known it is written out; where it cannot, the cell is named damaged and never
mended. Add a rule here when a department's Excel does something new to values. Keep out: types
themselves (``sources/conversion.py``) and rows (``xlsx.py``).
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from sources.connectors.sheet import Cell

NUMBER_DAMAGED = "excel_number_damaged"
ERROR_CELL = "excel_error"
NOT_CALCULATED = "formula_not_calculated"
CELL_TOO_LONG = "cell_too_long"

# From here on a whole number has more digits than Excel keeps.
_FIRST_INEXACT = 1e15
SCIENTIFIC = r"\s*[+-]?\d(\.\d+)?[eE]\+\d{1,3}\s*"
_SCIENTIFIC = re.compile(SCIENTIFIC)

# Days that a number without a date format may count, 1900-01-01 to 2099-12-31, but no number that
# is more likely a year.
_DAY_COUNTS = range(1, 73_051)
_YEARS = range(1_900, 2_101)
_MILLISECONDS = 86_400_000
_NO_DAY = datetime(1900, 1, 1)  # noqa: DTZ001 - a wall clock without a zone

_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(\d{1,2})\s*[:时]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})(?:\.(\d{1,6}))?\s*秒?)?\s*分?)?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")
_INVISIBLE = {ord(character): None for character in "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"}


class Written(NamedTuple):
    """A value as text, and the reason why it must not land."""

    text: str
    damage: str = ""


def written(cell: Cell, *, column_type: str, pattern: str | None, is_1904: bool) -> Written:
    """What the cell says to a column of that registry type; ``pattern`` is the column's ``format``.

    Days come out as ``pattern`` writes them, or as ISO 8601. What cannot be read as the type comes
    out as it is, for conversion to refuse.
    """
    match cell.kind:
        case "error":
            return Written(cell.text, ERROR_CELL)
        case "formula":
            return Written("=", NOT_CALCULATED)
        case "boolean":
            return Written("TRUE" if cell.text == "1" else "FALSE")
        case "overlong":
            return Written(cell.text, CELL_TOO_LONG)
        case "text" | "iso":
            return _from_text(cell.text, column_type, pattern)
        case _:
            return _from_number(cell, column_type, pattern, is_1904=is_1904)


def plain(value: float) -> str:
    """A number as Excel knows it, 15 significant digits, without an exponent."""
    text = format(Decimal(f"{value:.15g}"), "f")
    return "0" if text in {"-0", ""} else text


def _from_text(text: str, column_type: str, pattern: str | None) -> Written:
    # The mark that makes Excel keep digits as text is no part of the text.
    if text.startswith("'") and text[1:2].isalnum():
        text = text[1:]
    if column_type == "varchar":
        return Written(text, NUMBER_DAMAGED if _SCIENTIFIC.fullmatch(text) else "")
    # Full-width digits and signs mean what the narrow ones mean.
    narrow = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
    if column_type in {"date", "timestamp"}:
        moment = _text_moment(narrow)
        return Written(text if moment is None else _shown(moment, column_type, pattern))
    if column_type == "boolean":
        return Written(narrow)
    if column_type != "double" and _SCIENTIFIC.fullmatch(narrow):
        return Written(text, NUMBER_DAMAGED)
    return Written(_text_number(narrow))


def _text_number(narrow: str) -> str:
    amount = narrow.removeprefix("¥").strip()
    if _GROUPED.fullmatch(amount):
        return amount.replace(",", "")
    if found := _PERCENT.fullmatch(amount):
        return format(Decimal(found[1]) / 100, "f")
    return amount


def _from_number(cell: Cell, column_type: str, pattern: str | None, *, is_1904: bool) -> Written:
    try:
        exact = Decimal(cell.text)
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or abs(exact) >= Decimal("1e308"):
        return Written(cell.text, NUMBER_DAMAGED)
    value = float(exact)
    if column_type in {"date", "timestamp"}:
        return Written(_number_day(cell, value, column_type, pattern, is_1904=is_1904))
    if column_type == "varchar" and cell.kind in {"day", "time"}:
        return Written(_counted_text(cell, value, is_1904=is_1904))
    if column_type == "double":
        return Written(repr(value))
    if abs(value) >= _FIRST_INEXACT:
        return Written(cell.text, NUMBER_DAMAGED)
    if column_type == "varchar" and cell.kind == "percent":
        return Written(f"{format((Decimal(plain(value)) * 100).normalize(), 'f')}%")
    return Written(plain(value))


def _number_day(
    cell: Cell, value: float, column_type: str, pattern: str | None, *, is_1904: bool
) -> str:
    """A day of a date column: a count of days, or eight digits that lost their being text."""
    digits = plain(value)
    if cell.kind not in {"day", "time"}:
        moment = _text_moment(digits)
        if moment is not None:
            return _shown(moment, column_type, pattern)
        if int(value) not in _DAY_COUNTS or value in _YEARS:
            return digits
    counted = _counted(value, is_1904=is_1904)
    return digits if counted is None else _shown(counted, column_type, pattern)


def _counted_text(cell: Cell, value: float, *, is_1904: bool) -> str:
    """What a text column makes of a cell that shows a day or a time."""
    if cell.kind == "time" and 0 <= value < 1:
        return (_NO_DAY + _fraction(value)).time().isoformat("seconds")
    moment = _counted(value, is_1904=is_1904)
    if moment is None:
        return plain(value)
    return _shown(moment, "date", None)


def _counted(value: float, *, is_1904: bool) -> datetime | None:
    """The moment a count of days means; None for what no calendar has.

    Day 60 of the usual system is 1900-02-29, which never was: Lotus thought so, and Excel kept it.
    """
    days = int(value // 1)
    if is_1904:
        first = datetime(1904, 1, 1)  # noqa: DTZ001 - a wall clock without a zone
    elif days == 60 or days < 1:
        return None
    else:
        first = datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001
    try:
        return first + timedelta(days=days) + _fraction(value - days)
    except OverflowError:
        return None


def _fraction(value: float) -> timedelta:
    """A part of a day, to the millisecond: the rest is what doubles leave of a second."""
    return timedelta(milliseconds=round(value * _MILLISECONDS))


def _text_moment(narrow: str) -> datetime | None:
    """A moment in one of the writings that can mean only one."""
    found = _DAY.fullmatch(narrow) or _DIGITS.fullmatch(narrow)
    if found is None:
        return None
    year, month, day, hour, minute, second, *more = (*found.groups(), None, None)
    micro = (more[0] or "").ljust(6, "0") if more else "0"
    try:
        clock = time(int(hour or 0), int(minute or 0), int(second or 0), int(micro or 0))
        return datetime.combine(date(int(year), int(month), int(day)), clock)
    except ValueError:
        return None


def _shown(moment: datetime, column_type: str, pattern: str | None) -> str:
    """As the column reads it. A time in a date column, or one finer than the pattern, is kept so
    that the value is refused rather than cut.
    """
    has_time = moment.time() != time()
    if column_type == "date" and not has_time:
        return moment.strftime(pattern) if pattern else moment.date().isoformat()
    is_shown = pattern is not None and column_type == "timestamp"
    if is_shown and pattern is not None and (not moment.microsecond or "%f" in pattern):
        return moment.strftime(pattern)
    return moment.isoformat(sep=" ")
