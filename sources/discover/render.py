"""Writes a draft down as YAML, in the form that the registry's files have, with its remarks.

Keep out: what the draft says (``draft.py``).
"""

from collections.abc import Iterator, Mapping

import yaml

from sources.discover.draft import Draft, DraftTable
from sources.registry_file import PLACEHOLDER

_WIDTH = 160
_CHOOSE = "at least one of the tables below, without the # before its lines, and with its keys"


def rendered(draft: Draft) -> str:
    """The registry file; `citybase source check` takes it once its placeholders are filled in."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# Drafted by `citybase source discover`. Look at every `class`, take out the columns"
    yield "# nobody needs, and decide sharing, openness and update_cycle with the department."
    yield from _block(draft.head)
    # A bare `tables:` would be null, and nobody could tell what is asked for.
    yield "tables:" if draft.extractable else f"tables: {_flow(f'{PLACEHOLDER} {_CHOOSE}')}"
    for table in draft.extractable:
        yield from _table(table)
    # At the margin: a comment below the last table belongs to no table.
    for table in draft.left_out:
        name = _one_line(str(table.facts.get("source", table.facts["table"])))
        yield f"# {name} is left out: {_one_line(str(table.obstacle))}."
        yield from (f"# {line}" for line in _table(table))
    for thing in draft.passed_over:
        yield f"# {_one_line(thing.name)} is passed over: it is {thing.reason}."


def _table(table: DraftTable) -> Iterator[str]:
    first = True
    for remark in table.remarks:
        yield f"  # {_one_line(remark)}"
    for key, value in table.facts.items():
        if isinstance(value, Mapping):
            lines = [f"{key}:", *(f"  {line}" for line in _block(value))]
        else:
            lines = [f"{key}: {_flow(value)}"]
        for line in lines:
            yield f"  - {line}" if first else f"    {line}"
            first = False
    yield "    columns:"
    for column in table.columns:
        line = f"      - {_flow(dict(column.facts))}"
        if column.remark is None:
            yield line
            continue
        remark = _one_line(column.remark)
        if len(line) + len(remark) + 4 <= _WIDTH:
            yield f"{line}  # {remark}"
        else:
            yield f"      # {remark}"
            yield line


def _block(facts: Mapping[str, object]) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            yield from (f"  {line}" for line in _block(value))
        else:
            yield f"{key}: {_flow(value)}"


def _flow(value: object) -> str:
    """A value on one line, quoted where YAML would read something else."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
    )
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Writes text that holds a line end or worse with escapes: only so it stays on its line."""


def _represented(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def _one_line(text: str) -> str:
    """A remark that cannot leave its line, whatever the source's comment holds."""
    shown = " ".join(text.split())
    shown = "".join(character for character in shown if character.isprintable())
    return shown if len(shown) <= _WIDTH - 10 else f"{shown[: _WIDTH - 11]}…"
