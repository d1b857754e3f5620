"""The tree as the house rules see it: tracked files, parsed modules, the dbt manifest."""

import ast
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from citybase.settings import Settings, project_root
from orchestration.project import dbt_project

PACKAGES = ("citybase", "sources", "orchestration", "governance", "portal")


@pytest.fixture(scope="session")
def root() -> Path:
    return project_root()


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """Every file git knows or would take: what is ignored is no part of the house."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


@pytest.fixture(scope="session")
def modules(root: Path, files: list[Path]) -> Mapping[Path, ast.Module]:
    """Every Python module of the product, parsed, by its path below the root."""
    return {
        path.relative_to(root): ast.parse(path.read_text(encoding="utf-8"))
        for path in files
        if path.suffix == ".py" and path.relative_to(root).parts[0] in PACKAGES
    }


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home for all modules of a worker: what dbt reads of the project, it reads once."""
    return Settings(home=tmp_path_factory.mktemp("home") / "var")


@pytest.fixture(scope="session")
def manifest(settings: Settings) -> Mapping[str, Any]:
    """dbt's manifest of the project as it stands."""
    path = dbt_project(settings).manifest_path
    parsed: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="session")
def models(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The models by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
