"""What a JSON answer says, with every digit of its numbers.

A number is kept as it is written: a float would round 1.10 and any whole number beyond 2^53. Keep
out: how answers are fetched (``http_client.py``) and what becomes of records (``http.py``).
"""

import json
import re
from decimal import Decimal
from typing import NoReturn

from sources.connectors.http_client import Answer, RequestError

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
# A larger power of ten is no number that any column holds.
_MAX_EXPONENT = 400
MISSING = object()


class Number(str):
    """A JSON number, as it is written."""

    __slots__ = ()


def parsed(answer: Answer) -> object:
    """The JSON value of an answer.

    Raises:
        RequestError: it is no JSON.
    """
    if answer.body.lstrip()[:1] == b"<" or "html" in answer.content_type.lower():
        raise RequestError(
            f"answers with a web page instead of JSON: {answer.url}",
            remedy="Often that is a page to log in on, or a gateway's: check URL and token.",
        )
    charset = _CHARSET.search(answer.content_type)
    try:
        text = answer.body.decode(charset[1] if charset else "utf-8")
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
            object_pairs_hook=_single,
        )
    except (ValueError, LookupError, RecursionError) as error:
        raise RequestError(
            f"answers with broken JSON: {answer.url}: {_why(error)}",
            remedy="Extract again; if it stays so, have it mended.",
        ) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _single(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has {twice} twice")
    return found


def _why(error: Exception) -> str:
    """Why it is none, without a piece of it: that may be anybody's data."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not {error.encoding}: byte {error.start} is {error.object[error.start]:#04x}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def at(value: object, path: str | None) -> object:
    """What stands at a path of an answer, or ``MISSING``."""
    for name in path.split(".") if path else []:
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def text_of(value: object, *, column_type: str) -> str | None:
    """A JSON value as the text that a column's conversion judges; a nested one is its JSON."""
    if value is None:
        return None
    if isinstance(value, Number):
        return _digits(value) if column_type not in {"varchar", "double"} else str(value)
    return value if isinstance(value, str) else json_text(value)


def _digits(number: Number) -> str:
    """A number without a power of ten, which is how some programs write 100."""
    if "e" not in number.lower():
        return str(number)
    exact = Decimal(number)
    exponent = exact.as_tuple().exponent
    is_small = isinstance(exponent, int) and abs(exponent) <= _MAX_EXPONENT
    return format(exact, "f") if is_small else str(number)


def json_text(value: object) -> str:
    """A parsed value as JSON again, its numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        fields = (f"{json_text(name)}:{json_text(field)}" for name, field in value.items())
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
