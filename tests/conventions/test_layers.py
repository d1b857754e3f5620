"""Rule 4: nothing crosses a library but through it, read off the manifest."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from sources.registry import load_registry

pytestmark = pytest.mark.conventions

# Which layers a layer may read. Seeds are code tables, readable everywhere.
MAY_READ = {
    "staging": {"raw", "meta", "staging"},
    "intermediate": {"staging", "intermediate", "library", "meta"},
    "library": {"staging", "intermediate", "library", "meta"},
    "quality": {"intermediate", "library", "quality", "meta"},
    "mart": {"library", "quality", "mart"},
}
# How a staging table names the row of a source that its rows come from.
_NAMES_ITS_ROW = ("system_code", "source_key")
# Layers whose models belong to one library and are read by that library only.
PRIVATE = {"intermediate"}


def edges(
    manifest: Mapping[str, Any],
) -> list[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    """(model, layer of the parent, parent) for every dependency of every model."""
    found = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model":
            continue
        for parent_id in node["depends_on"]["nodes"]:
            if parent_id.startswith("seed."):
                continue
            if parent_id.startswith("source."):
                parent = manifest["sources"][parent_id]
                found.append((node, parent["schema"], parent))
            else:
                parent = manifest["nodes"][parent_id]
                found.append((node, parent["fqn"][1], parent))
    return found


def test_a_layer_reads_only_what_it_may(manifest: Mapping[str, Any]) -> None:
    wrong = [
        f"{node['name']} reads {layer}.{parent['name']}"
        for node, layer, parent in edges(manifest)
        if layer not in MAY_READ[node["fqn"][1]]
    ]
    assert not wrong, "nothing flows back up, and marts read libraries:\n" + "\n".join(wrong)


def test_an_intermediate_model_is_private_to_its_library(manifest: Mapping[str, Any]) -> None:
    wrong = [
        f"{node['name']} reads {parent['name']}"
        for node, layer, parent in edges(manifest)
        if layer in PRIVATE and node["fqn"][2] != parent["fqn"][2]
    ]
    assert not wrong, "read the other library's lib_ model instead:\n" + "\n".join(wrong)


def test_a_staging_model_reads_one_table(manifest: Mapping[str, Any]) -> None:
    """The one its name says; a model of a shape reads that table of every member."""
    registry = load_registry()
    shapes = {shape.shape for shape in registry.shapes}
    read: dict[str, set[tuple[str, str]]] = {}
    for node, layer, parent in edges(manifest):
        if node["fqn"][1] == "staging" and layer == "raw":
            read.setdefault(node["name"], set()).add((parent["source_name"], parent["name"]))
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["fqn"][1] != "staging":
            continue
        name, table = node["name"].removeprefix("stg_").split("__")
        systems = [s.system for s in registry.members(name)] if name in shapes else [name]
        assert read.get(node["name"]) == {(system, table) for system in systems}


def test_staging_applies_changes_row_by_row(manifest: Mapping[str, Any]) -> None:
    """What a row says may not depend on other rows: only those of changed keys are selected again.

    A model that reads another model is built whole.
    """
    wrong = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["fqn"][1] != "staging":
            continue
        reads_models = any(one.startswith("model.") for one in node["depends_on"]["nodes"])
        kind = "table" if reads_models else "apply_changes"
        if node["config"]["materialized"] != kind:
            wrong.append(f"{node['name']} is materialized otherwise than as {kind}")
        across = re.findall(r"\b(over \(|group by|select distinct|limit)", node["raw_code"])
        if across and not reads_models:
            wrong.append(f"{node['name']} looks across rows: {', '.join(across)}")
        named = [code for code in _NAMES_ITS_ROW if f"{code}," not in node["raw_code"]]
        if named:
            wrong.append(f"{node['name']} lacks {', '.join(named)}")
    assert not wrong, "\n".join(wrong)


def test_a_source_table_is_read_by_one_staging_model(manifest: Mapping[str, Any]) -> None:
    """Two would be two answers to how a table is cleaned."""
    readers: dict[str, list[str]] = {}
    for node, layer, parent in edges(manifest):
        if layer == "raw" and node["fqn"][1] == "staging":
            readers.setdefault(parent["unique_id"], []).append(node["name"])
    assert readers
    assert {table: names for table, names in readers.items() if len(names) > 1} == {}


def test_every_model_is_read_or_published(manifest: Mapping[str, Any]) -> None:
    """Rule 9: a model without a reader is a dead twin; published layers are read by people."""
    read = {parent["unique_id"] for _, _, parent in edges(manifest)}
    dead = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["fqn"][1] in {"staging", "intermediate"}
        and node["unique_id"] not in read
    ]
    assert not dead, f"nothing reads {dead}"
