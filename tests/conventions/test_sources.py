"""Rule 2: a source system is data. Rule 7: declare a column once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sources.dbt_sources import HEADER, rendered, staging_folder
from sources.registry import load_registry, registry_folder

pytestmark = pytest.mark.conventions


def test_the_registry_holds_yaml_and_nothing_else(files: list[Path]) -> None:
    inside = [path for path in files if registry_folder() in path.parents]
    assert inside
    assert [path for path in inside if path.suffix != ".yml"] == []


def test_regenerating_changes_nothing(files: list[Path]) -> None:
    wanted = rendered(load_registry())
    generated = {path.parent for path in wanted if path.suffix == ".sql"}
    present = set(wanted) | {path for path in files if path.parent in generated}
    written = {path: path.read_text(encoding="utf-8") for path in present if path.exists()}
    assert written == dict(wanted), "run `make sources` and commit what it writes"


def test_machine_written_and_hand_written_yaml_never_share_a_file(files: list[Path]) -> None:
    wanted = set(rendered(load_registry()))
    for path in files:
        if path.suffix != ".yml" or staging_folder() not in path.parents:
            continue
        is_marked = path.read_text(encoding="utf-8").startswith(HEADER)
        assert is_marked == (path in wanted), f"{path.name} is half machine-written"


def test_every_declared_source_is_read_by_a_model(manifest: Mapping[str, Any]) -> None:
    """Each declared source costs every dbt start; the others are said `modelled: false`."""
    read = {
        parent
        for node in manifest["nodes"].values()
        for parent in node["depends_on"].get("nodes", [])
    }
    unread = [source for source in manifest["sources"] if source not in read]
    assert not unread, f"say `modelled: false` in the registry for {unread}"


def test_no_code_names_a_source_table_but_the_models_and_the_simulator(
    modules: Mapping[Path, Any], root: Path
) -> None:
    """A system that leaves or arrives touches no Python."""
    tables = {f"{system.system}__{table.table}" for system, table in load_registry().tables()}
    for path in modules:
        if path.parts[:2] in {("sources", "simulator"), ("citybase", "score")}:
            continue
        text = (root / path).read_text(encoding="utf-8")
        named = sorted(table for table in tables if table in text)
        assert not named, f"{path} names {named}"


def test_every_published_column_has_a_class(models: Mapping[str, Mapping[str, Any]]) -> None:
    for name, model in models.items():
        if model["fqn"][1] not in {"library", "mart", "quality"}:
            continue
        assert model["columns"], f"{name} documents no column"
        for column, facts in model["columns"].items():
            meta = {**facts.get("meta", {}), **facts.get("config", {}).get("meta", {})}
            assert "class" in meta, f"{name}.{column} has no class"
            assert facts["description"], f"{name}.{column} has no description"
