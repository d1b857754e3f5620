"""What the models declare about publishing, read from dbt's ``manifest.json``.

A model says under each column ``config: meta: {class: …, mask: …}`` and may say under its own
``config: meta: {lookup_key: …}``; its name says the file and the table (STYLE.md, Names). Add a
reading here when the YAML of the models says one more thing about publishing. Keep out: what an
audience makes of it (``audience.py``) and what the warehouse holds (``plan.py``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citybase.errors import WarehouseError
from citybase.serving.masks import MASK_KINDS, MaskKind
from sources.contract import Sensitivity

_NAME_FORMS = {
    "library": re.compile(r"^lib_(?P<file>[a-z]+(?:_[a-z]+)*)__(?P<table>[a-z0-9_]+)$"),
    "quality": re.compile(r"^dq_(?P<table>[a-z]+(?:_[a-z]+)*__[a-z0-9_]+)$"),
    "mart": re.compile(r"^mart_(?P<table>[a-z]+(?:_[a-z]+)*__[a-z0-9_]+)$"),
}
_RELATIONS = ("model", "seed", "snapshot")
_SHOWN_MISSING = 8


class ColumnRule(BaseModel):
    """The class of a column and, where declared, its mask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sensitivity: Sensitivity | None = Field(alias="class")
    mask: MaskKind | None = None


@dataclass(frozen=True)
class Model:
    """One published relation: ``schema.name`` in the warehouse, ``file.table`` when published."""

    name: str
    schema: str
    file: str
    table: str
    lookup_key: tuple[str, ...]
    columns: Mapping[str, ColumnRule]


def read_declaration(manifest: Path) -> tuple[Model, ...]:
    """Every model of the schemas library, quality and mart, ordered by file and table.

    Raises:
        WarehouseError: the manifest cannot be read, a name has not the agreed form, or a column
            declares a class or mask outside the closed lists.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(
            f"{manifest} is not a readable manifest of dbt ({type(error).__name__}).",
            remedy="Run `citybase build`: dbt writes it anew.",
        ) from error
    models = [
        _model(node)
        for node in nodes
        if node.get("resource_type") in _RELATIONS and node.get("schema") in _NAME_FORMS
    ]
    return tuple(sorted(models, key=lambda model: (model.file, model.table)))


def refuse_unclassed(columns: list[tuple[str, str]]) -> None:
    """Refuse the publication when (model, column) pairs have no class.

    Raises:
        WarehouseError: the list is not empty; it names model and column and what to write.
    """
    if not columns:
        return
    named = [f"{model}.{column}" for model, column in columns]
    shown = ", ".join(named[:_SHOWN_MISSING])
    if len(named) > _SHOWN_MISSING:
        shown += f" and {len(named) - _SHOWN_MISSING} more"
    model, column = columns[0]
    raise WarehouseError(
        f"Nothing was published: {len(named)} column(s) have no class: {shown}.",
        remedy=f"In {model}.yml write under `- name: {column}` the line"
        f" `config: {{meta: {{class: <{' | '.join(get_args(Sensitivity))}>}}}}`,"
        " then build again.",
    )


def _model(node: Mapping[str, Any]) -> Model:
    name, schema = node.get("alias") or node["name"], node["schema"]
    matched = _NAME_FORMS[schema].match(name)
    if matched is None:
        raise WarehouseError(
            f"The model {name} lies in the schema {schema}, but its name has not that form.",
            remedy="Name it lib_<library>__<table>, dq_<library>__<what> or"
            " mart_<theme>__<content>, or move it to another folder.",
        )
    parts = matched.groupdict()
    lookup_key = _meta(node).get("lookup_key", ())
    return Model(
        name=name,
        schema=schema,
        file=parts.get("file", schema),
        table=parts["table"],
        lookup_key=(lookup_key,) if isinstance(lookup_key, str) else tuple(lookup_key),
        columns={
            column.lower(): _rule(name, column, _meta(declared))
            for column, declared in node.get("columns", {}).items()
        },
    )


def _meta(declared: Mapping[str, Any]) -> dict[str, Any]:
    """dbt keeps meta under ``config`` and, written in the old way, beside it."""
    return {
        **(declared.get("meta") or {}),
        **((declared.get("config") or {}).get("meta") or {}),
    }


def _rule(model: str, column: str, meta: Mapping[str, Any]) -> ColumnRule:
    # Meta is open to other rooms, but a mistyped `masks:` would publish a value in plain.
    ours = {key: value for key, value in meta.items() if key == "class" or "mask" in key.lower()}
    try:
        return ColumnRule.model_validate({"class": None, **ours})
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        raise WarehouseError(
            f"{model}.{column} declares `{place}: {ours.get(place)}`, which publishing cannot"
            " follow.",
            remedy=f"In {model}.yml write class: {' | '.join(get_args(Sensitivity))}"
            f" and, where needed, mask: {' | '.join(MASK_KINDS)}.",
        ) from error
