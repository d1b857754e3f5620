"""Rule 3: which room may know of which, read off the imports."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.conventions

WEB = {"fastapi", "starlette", "flask", "django", "aiohttp", "uvicorn"}
# (packages, what they must not import, why)
FORBIDDEN = [
    (("sources", "governance", "portal"), {"dagster", "dagster_dbt"}, "only orchestration/ does"),
    (("citybase",), {"dagster", "dagster_dbt"}, "only orchestration/ does"),
    (("sources", "governance", "orchestration"), WEB, "the web is portal/'s"),
    (("sources",), {"orchestration", "governance", "portal"}, "extraction knows no caller"),
    (("governance",), {"orchestration", "portal"}, "rules know no caller"),
    (("portal",), {"sources"}, "it reads published files and governance/"),
]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize(("packages", "forbidden", "why"), FORBIDDEN)
def test_a_room_imports_only_what_it_may(
    modules: Mapping[Path, ast.Module], packages: tuple[str, ...], forbidden: set[str], why: str
) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules.items()
        if path.parts[0] in packages
        for name in imported(tree)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong, f"{why}: {wrong}"


def test_orchestration_is_imported_by_the_command_line_only(
    modules: Mapping[Path, ast.Module],
) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules.items()
        if path.parts[0] != "orchestration" and path.parts[:2] != ("citybase", "cli")
        for name in imported(tree)
        if name.split(".")[0] == "orchestration"
    ]
    assert not wrong


def test_nothing_but_the_score_and_the_command_line_knows_the_simulator(
    modules: Mapping[Path, ast.Module],
) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules.items()
        if path.parts[:2]
        not in {("sources", "simulator"), ("citybase", "cli"), ("citybase", "score")}
        for name in imported(tree)
        if name.startswith("sources.simulator")
    ]
    assert not wrong, f"no model, connector or check may know the truth: {wrong}"


def test_no_duckdb_attaches_the_operational_store(
    modules: Mapping[Path, ast.Module], root: Path
) -> None:
    """A second SQLite copy in the process would drop the first one's locks."""
    for path in modules:
        for line in (root / path).read_text(encoding="utf-8").splitlines():
            assert not ("attach" in line.lower() and ("ops.db" in line or "settings.ops" in line))


def test_extensions_are_never_downloaded(modules: Mapping[Path, ast.Module], root: Path) -> None:
    for path in modules:
        text = (root / path).read_text(encoding="utf-8").lower()
        assert "import_extension(" not in text, path
        assert "install_extension(" not in text, path
        assert 'execute("install ' not in text, path
