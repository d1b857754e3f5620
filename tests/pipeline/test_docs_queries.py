"""The queries of the documentation run as written on what analysts get."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from citybase.serving.open import lock_down, open_library
from citybase.settings import project_root
from tests.pipeline.pipeline_house import Built

pytestmark = pytest.mark.pipeline

PAGES = ("docs/querying.md", "README.md")
_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r'citybase query (?:--json )?"([^"]+)"')
# What a small city may have none of.
_MAY_BE_EMPTY = ("build.as_of_date + 90",)


@dataclass(frozen=True)
class Query:
    """One query and where it stands."""

    page: str
    line: int
    sql: str

    def __str__(self) -> str:
        """The name of its test."""
        return f"{self.page}:{self.line}"


def _queries() -> list[Query]:
    found = []
    for page in PAGES:
        path: Path = project_root() / page
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for pattern in (_BLOCK, _COMMAND):
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Query(page, line, match.group(1)))
    return found


def test_there_are_five_queries_for_each_library() -> None:
    text = "\n".join(query.sql for query in _queries())
    for library in ("population", "legal_entity", "licence", "shared"):
        assert len(re.findall(rf"\bfrom {library}\.", text)) >= 5, library


@pytest.mark.parametrize("query", _queries(), ids=str)
def test_it_runs_and_answers(built: Built, query: Query) -> None:
    with open_library(built.house.settings, "analyst") as connection:
        lock_down(connection)
        rows = connection.execute(query.sql).fetchall()
    assert rows or any(part in query.sql for part in _MAY_BE_EMPTY)
    assert all(any(value is not None for value in row) for row in rows)
