"""Pages that name what the code names: the score's page, the libraries' pages, the glossary.

What a page explains exists, and what exists is explained. Queries are run by
``tests/pipeline/test_docs_queries.py``.
"""

import csv
import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from citybase.score.defect import DefectKind
from sources.registry import load_registry
from tests.pages import explained_defects, page, table_rows

pytestmark = pytest.mark.conventions

SCORE_HEADINGS = {
    "population": "Population (人口库)",
    "legal_entity": "Legal entity (法人库)",
    "licence": "E-licence (电子证照库)",
}
PAGES = {
    "population": "docs/library-population.md",
    "legal_entity": "docs/library-legal-entity.md",
    "licence": "docs/library-licence.md",
}
# The names of figures stand in the tables each module hands to `measure`.
_FIGURE = re.compile(r'code="([a-z_]+)"|\(\s*"([a-z_]+)",\s*(?:[A-Z_]+|"[a-z_]+")[,)]')


def _judged_kinds(library: str) -> set[str]:
    module = importlib.import_module(f"citybase.score.defect_{library}")
    found: set[str] = set()
    for value in vars(module).values():
        values = value if isinstance(value, tuple) else (value,)
        found |= {kind.defect for kind in values if isinstance(kind, DefectKind)}
    return found


def _library_tables(models: Mapping[str, Mapping[str, Any]], library: str) -> dict[str, str]:
    """Published table -> its description."""
    prefix = f"lib_{library}__"
    return {
        name.removeprefix(prefix): str(model["description"])
        for name, model in models.items()
        if name.startswith(prefix)
    }


@pytest.mark.parametrize("library", SCORE_HEADINGS)
def test_the_page_of_the_score_explains_every_kind_of_damage_it_prints(library: str) -> None:
    explained = {
        name
        for row in table_rows("docs/score.md")
        if SCORE_HEADINGS[library] in row.headings and "Kinds of damage" in row.headings
        for name in row.names
        if len(row.names) == 1
    }
    assert explained == _judged_kinds(library)


def test_every_kind_of_damage_it_explains_is_injected_or_told_apart(root: Path) -> None:
    def text(folder: str) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in (root / folder).glob("*.py"))

    # two are put together of two words
    simulator = text("sources/simulator").replace("'line_' ||", "'line_short', 'line_bytes'")
    score = text("citybase/score")
    unknown = {
        name
        for name in explained_defects()
        if not re.search(rf"['\"]{name}['\",]", simulator) and f"'{name}' as defect" not in score
    }
    assert not unknown, "docs/score.md explains damage that nobody does"


@pytest.mark.parametrize("library", SCORE_HEADINGS)
def test_the_page_of_the_score_explains_every_figure_it_prints(library: str, root: Path) -> None:
    explained = {
        name
        for row in table_rows("docs/score.md")
        if SCORE_HEADINGS[library] in row.headings and "Figures" in row.headings
        for name in row.names
    }
    printed = set()
    for path in (root / "citybase/score").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if f'library="{library}"' in text and not path.name.startswith("defect"):
            printed |= {first or second for first, second in _FIGURE.findall(text)}
    assert explained == printed


@pytest.mark.parametrize("library", PAGES)
def test_the_page_of_a_library_names_its_tables_and_keys(
    library: str, models: Mapping[str, Mapping[str, Any]], manifest: Mapping[str, Any]
) -> None:
    told = {
        row.names[0]: set(re.findall(r"[a-z_]+", row.cells[2]))
        for row in table_rows(PAGES[library])
        if row.headings[-1] == "Tables"
    }
    grains = {
        node["attached_node"].split(".")[-1]: set(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if node.get("test_metadata", {}).get("name") == "one_row_per"
    }
    assert told == {
        table: grains[f"lib_{library}__{table}"] for table in _library_tables(models, library)
    }


def test_the_glossary_names_every_library_table(models: Mapping[str, Mapping[str, Any]]) -> None:
    told = {
        (row.names[0], row.cells[1])
        for row in table_rows("docs/glossary.md")
        if row.headings[-1] == "Tables"
    }
    expected = {
        (f"{library}.{table}", re.split("[:。,;]", description)[0])
        for library in ("population", "legal_entity", "licence", "shared")
        for table, description in _library_tables(models, library).items()
    }
    assert told == expected


def test_the_glossary_names_every_code_set_with_its_standard(root: Path) -> None:
    sets: dict[str, str] = {}
    with (root / "dbt_project/seeds/code/code_value.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sets.setdefault(row["code_set"], row["standard"])
    told = {
        row.names[0]: row.cells[2]
        for row in table_rows("docs/glossary.md")
        if row.headings[-1] == "Code sets"
    }
    assert told == sets


def test_the_two_readmes_name_the_same_commands_and_figures() -> None:
    english, chinese = page("README.md"), page("README.zh-CN.md")
    blocks = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)

    def commands(text: str) -> list[str]:
        return [
            line.split("#")[0].strip()
            for block in blocks.findall(text)
            for line in block.splitlines()
            if line.startswith(("make ", ".venv/"))
        ]

    assert sorted(commands(english)) == sorted(commands(chinese))
    printed = [block for block in blocks.findall(english) if "人口库" in block]
    assert printed == [block for block in blocks.findall(chinese) if "人口库" in block]
    assert ["`~`" in text for text in (english, chinese)] == [True, True], "what the mark means"
    assert "README.zh-CN.md" in english
    assert "README.md" in chinese


def test_the_example_of_a_new_source_is_new() -> None:
    """What a reader types after it writes a file of its own."""
    shown = page("docs/adding-a-source.md").split("## 0. ")[1].split("## 1. ")[0]
    (department,) = set(re.findall(r"--department (\w+)", shown))
    (system,) = set(re.findall(r"citybase extract (\w+)", shown))
    assert f"--output sources/registry/{department}/{system}.yml" in shown
    assert f"CITYBASE_SOURCE_{system.upper()}=" in shown
    registry = load_registry()
    known = {s.department.code for s in registry.systems} | {s.system for s in registry.systems}
    assert not known & {department, system}, "take another department for the page's example"
