"""Rule 1: a name leads to its file. Rule 5: say the grain, then prove it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sources.registry import load_registry

pytestmark = pytest.mark.conventions

LIBRARY_KINDS = ("entity", "history", "link", "code", "event")
LIBRARIES = ("population", "legal_entity", "licence", "shared")
NAME = {
    "staging": r"stg_[a-z0-9_]+?__[a-z0-9_]+",
    "intermediate": rf"int_({'|'.join(LIBRARIES)})__[a-z0-9_]+",
    "library": rf"lib_({'|'.join(LIBRARIES)})__({'|'.join(LIBRARY_KINDS)})_[a-z0-9_]+",
    "quality": rf"dq_({'|'.join(LIBRARIES)})__[a-z0-9_]+",
    "mart": r"mart_[a-z0-9]+__[a-z0-9_]+_by_[a-z0-9_]+",
}


def layer(model: Mapping[str, Any]) -> str:
    return str(model["fqn"][1])


def test_a_model_is_named_after_its_layer(models: Mapping[str, Mapping[str, Any]]) -> None:
    wrong = [
        name
        for name, model in models.items()
        if not re.fullmatch(NAME.get(layer(model), "no such layer"), name)
    ]
    assert not wrong, f"rename after the table of names in STYLE: {wrong}"


def test_a_model_lies_in_the_folder_its_name_says(models: Mapping[str, Mapping[str, Any]]) -> None:
    for name, model in models.items():
        folder = model["fqn"][2]
        if layer(model) == "staging":
            continue  # staging folders are departments and shapes (next test)
        said = re.match(r"[a-z]+_([a-z_]+?)__", name)
        assert said is not None
        assert folder == said[1], f"{name} lies in {folder}/"


def test_a_staging_model_lies_in_the_folder_of_its_department_or_shape(
    models: Mapping[str, Mapping[str, Any]],
) -> None:
    registry = load_registry()
    folders = {system.system: system.department.code for system in registry.systems}
    folders |= {shape.shape: shape.shape for shape in registry.shapes}
    for name, model in models.items():
        if layer(model) != "staging":
            continue
        folder = folders[name.removeprefix("stg_").split("__")[0]]
        assert model["fqn"][2] == folder, f"{name} belongs in staging/{folder}/"


def test_a_model_has_its_own_yaml_beside_it(models: Mapping[str, Mapping[str, Any]]) -> None:
    for name, model in models.items():
        patch = model["patch_path"]
        expected = str(Path(model["original_file_path"]).with_suffix(".yml"))
        assert patch is not None, f"{name} has no YAML: write {expected}"
        assert patch.split("://")[1] == expected, f"{name} is described in {patch}"


def test_every_model_states_its_grain(models: Mapping[str, Mapping[str, Any]]) -> None:
    without = [
        name
        for name, model in models.items()
        if not re.search(r"Grain: one row(,| per )", model["description"])
    ]
    assert not without, f"write `Grain: one row per …` in the description of {without}"


def test_every_grain_is_proved(
    models: Mapping[str, Mapping[str, Any]], manifest: Mapping[str, Any]
) -> None:
    proved = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "one_row_per"
    }
    unproved = [name for name, model in models.items() if model["unique_id"] not in proved]
    assert not unproved, f"add a `one_row_per` test to {unproved}"


def test_a_test_is_a_named_statement_about_its_model(manifest: Mapping[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        attached = node["attached_node"]
        assert attached, f"{node['name']} is attached to no model"
        model = attached.split(".")[-1]
        assert re.fullmatch(rf"{model}__[a-z0-9_]+", node["name"]), (
            f"{node['name']}: name it {model}__<statement that should hold>"
        )
