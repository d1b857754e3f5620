"""Rules 6, 8, 9, 10 and the form of the tree: charters, sizes, names that must not be committed."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sources.registry import SHAPE_FOLDER

pytestmark = pytest.mark.conventions

CHARTER_WORDS = 12
MODULE_LINES = 400
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImple" + r"mentedError)\b")
INDEX_HOSTS = re.compile(
    r"pypi\." + r"org|python" + r"hosted\.org|registry\." + r"npmjs|deb\." + r"debian\.org"
)
MACHINE_PATHS = re.compile(r"/wo" + r"rk/(main|steering|shared|\.library)|/ro" + r"ot/\.pyenv")
REPORTS = re.compile(r"(?i)(complete|todo|notes|status|summary|progress)\.(md|txt)$")
TEXT = {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".sh", ".csv", ".lock", ".cfg", ""}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.suffix in TEXT else ""


def test_every_module_opens_with_its_charter(modules: Mapping[Path, ast.Module]) -> None:
    without = [
        str(path)
        for path, tree in modules.items()
        if len((ast.get_docstring(tree) or "").split())
        < (4 if path.name == "__init__.py" else CHARTER_WORDS)
    ]
    assert not without, f"say what belongs there and what does not: {without}"


def test_modules_stay_small(modules: Mapping[Path, ast.Module], root: Path) -> None:
    large = {
        str(path): lines
        for path in modules
        if (lines := len((root / path).read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    }
    assert not large, f"cut along their responsibilities: {large}"


def test_every_module_is_imported_or_run(modules: Mapping[Path, ast.Module], root: Path) -> None:
    """Rule 9: no file outlives its reader."""
    everything = "\n".join(
        text_of(path)
        for path in root.rglob("*.py")
        if ".venv" not in path.parts and "var" not in path.parts
    )
    everything += (root / "pyproject.toml").read_text(encoding="utf-8")
    everything += (root / "workspace.yaml").read_text(encoding="utf-8")
    unread = []
    for path in modules:
        if path.name == "__init__.py" or "migrations" in path.parts:
            continue
        dotted = ".".join(path.with_suffix("").parts)
        package, _, name = dotted.rpartition(".")
        if dotted not in everything and not re.search(
            rf"from {re.escape(package)} import [^\n]*(\([^)]*)?\b{name}\b", everything
        ):
            unread.append(dotted)
    assert not unread, f"nothing imports {unread}"


def test_every_macro_is_called(root: Path) -> None:
    text = "\n".join(
        text_of(path)
        for path in (root / "dbt_project").rglob("*")
        if path.suffix in {".sql", ".yml"} and "target" not in path.parts
    )
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*.py"))
    unread = []
    for path in (root / "dbt_project" / "macros").rglob("*.sql"):
        for name in re.findall(r"{%-?\s*macro\s+(\w+)", path.read_text(encoding="utf-8")):
            if re.match(r"(duckdb|spark|default)__", name) or name == "generate_schema_name":
                continue
            calls = len(re.findall(rf"\b{name}\(", text)) - 1
            if calls < 1 and not re.search(rf"\b{name}\b", tests):
                unread.append(name)
    assert not unread, f"nothing calls {unread}"


def test_a_model_holds_no_branch(root: Path) -> None:
    """The linter renders a model once: the branch it does not take it would never see."""
    branching = [
        str(path.relative_to(root))
        for path in (root / "dbt_project" / "models").rglob("*.sql")
        if re.search(r"{%[-+]?\s*(if|elif|else)\b", path.read_text(encoding="utf-8"))
    ]
    assert not branching, f"a branch belongs in a macro: {branching}"


def test_every_failure_is_an_error_or_a_stated_warning(manifest: Mapping[str, Any]) -> None:
    """Rule 6: a check has a consequence: it blocks, or it says that it warns."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert node["config"]["severity"].lower() in {"error", "warn"}
            assert node["config"]["store_failures"] is True, node["name"]


def test_nothing_unfinished_is_committed(files: list[Path]) -> None:
    marked = [
        str(path)
        for path in files
        if path.suffix in {".py", ".sql", ".yml"} and UNFINISHED.search(text_of(path))
    ]
    assert not marked


def test_no_status_report_is_committed(files: list[Path]) -> None:
    assert [str(path) for path in files if REPORTS.search(path.name)] == []


def test_no_index_host_and_no_path_of_a_machine_is_committed(files: list[Path]) -> None:
    for path in files:
        text = text_of(path)
        assert not INDEX_HOSTS.search(text), f"{path} names a package index"
        assert not MACHINE_PATHS.search(text), f"{path} names a folder of one machine"


def test_nothing_large_or_built_by_others_is_committed(files: list[Path]) -> None:
    for path in files:
        assert path.stat().st_size <= 800_000, f"{path} is {path.stat().st_size:,} bytes"
        assert not re.search(r"\.min\.(js|css)$", path.name), path
        assert path.name != "uv.lock"


def test_locks_carry_hashes_and_no_index(root: Path) -> None:
    for lock in sorted((root / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "--find-links" not in text
        packages = re.findall(r"(?m)^[a-z0-9][a-z0-9._-]*(?:\[[^\]]*\])?==", text)
        assert len(packages) > 50
        assert text.count("--hash=sha256:") >= len(packages)


def test_ci_runs_exactly_check_and_test(root: Path) -> None:
    """Rule 10: if no job runs it, it is not a rule."""
    commands = [
        line.strip()
        for line in (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("make ")
    ]
    assert commands == ["make check", "make test"]


def test_make_test_runs_every_tier(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\ntest: ")[1].split("\n\n")[0]
    settings = (root / "pyproject.toml").read_text(encoding="utf-8")
    tiers = re.findall(r'"(unit|conventions|pipeline|integration):', settings)
    assert len(tiers) == 4
    assert re.findall(r"-m (\w+)", recipe) == tiers


def test_every_test_module_has_one_tier(root: Path) -> None:
    for path in sorted((root / "tests").rglob("test_*.py")):
        marks = re.findall(
            r"(?m)^pytestmark = .*?pytest\.mark\.(\w+)", path.read_text(encoding="utf-8")
        )
        assert len(marks) == 1, f"{path} must say its tier: pytestmark = pytest.mark.<tier>"
        # The tier is run in its folder only, so that it does not import what the others need.
        assert marks != ["unit"] or path.is_relative_to(root / "tests" / "unit"), path


def test_yaml_lists_of_secrets_hold_names_only(root: Path) -> None:
    """Connections name an environment variable; no file of the registry holds a location."""
    for path in (root / "sources" / "registry").rglob("*.yml"):
        if path.parent.name == SHAPE_FOLDER:
            continue
        connection = yaml.safe_load(path.read_text(encoding="utf-8"))["connection"]
        assert re.fullmatch(r"CITYBASE_SOURCE_[A-Z0-9_]+", connection["location_env"]), path
