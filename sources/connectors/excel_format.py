"""What the number formats of Excel show: a number, a day, a time, a percentage.

Add a built-in format here when Excel has one more. Keep out: values (``excel_value.py``) and where
a workbook keeps its formats (``workbook.py``).
"""

import re
from enum import Enum

# Numbers of built-in formats that show days or times, those of Chinese Excel among them
# (ECMA-376 part 1, 18.8.30).
_BUILT_IN_DAYS = {14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)}
_BUILT_IN_TIMES = {18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47}
_BUILT_IN_PERCENT = {9, 10}
# What of a format code is text or colour, and what of it counts hours beyond a day.
_FORMAT_TEXT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)


class Shown(Enum):
    """How a number format shows a number."""

    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    PERCENT = "percent"


def shown(number: int, code: str | None) -> Shown:
    """What the format of that number shows; ``code`` is its own code, null when it is built in."""
    if code is None:
        if number in _BUILT_IN_DAYS:
            return Shown.DAY
        if number in _BUILT_IN_TIMES:
            return Shown.TIME
        return Shown.PERCENT if number in _BUILT_IN_PERCENT else Shown.NUMBER
    if code.lower() == "general":
        return Shown.NUMBER
    letters = _FORMAT_TEXT.sub("", code.split(";")[0]).lower()
    if "y" in letters or "d" in letters or ("m" in letters and not set(letters) & set("hs")):
        return Shown.DAY
    if set(letters) & set("hs"):
        return Shown.TIME
    return Shown.PERCENT if "%" in letters else Shown.NUMBER
