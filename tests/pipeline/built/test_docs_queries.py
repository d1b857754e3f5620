"""The queries of the documentation run as written on what is published, and the score is explained.

A query that reads `quality` is a steward's, any other an analyst's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from citybase.duck import connect
from citybase.serving.open import lock_down, open_library
from sources.simulator import truth_path
from tests.pages import explained_defects, page
from tests.pipeline.pipeline_house import Built

pytestmark = pytest.mark.pipeline

LIBRARY_PAGES = {
    "population": "docs/library-population.md",
    "legal_entity": "docs/library-legal-entity.md",
    "licence": "docs/library-licence.md",
}
PAGES = ("docs/querying.md", *LIBRARY_PAGES.values(), "README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r'citybase query (?:--json )?"([^"…]+)"')
_OF_STEWARDS = re.compile(r"\b(?:from|join) quality\.")
# What a small city may have none of.
_MAY_BE_EMPTY = (
    "build.as_of_date + 90",
    "from mart.overview__licence_operation_by_type",
    "person.is_deceased and organisation.status_code = '1'",
    "relation.relation_code = 'successor_of'",
)


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
    for name in PAGES:
        text = page(name)
        for pattern in (_BLOCK, _COMMAND):
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Query(name, line, match.group(1)))
    return found


@pytest.fixture(scope="module")
def opened(built: Built) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    """What is published to each audience; nothing else can be read."""
    connections: dict[str, duckdb.DuckDBPyConnection] = {}
    for audience in ("analyst", "steward"):
        connections[audience] = open_library(built.house.settings, audience)
        lock_down(connections[audience])
    yield connections
    for connection in connections.values():
        connection.close()


@pytest.mark.parametrize("library", LIBRARY_PAGES)
def test_each_library_has_ten_queries_for_analysts(library: str) -> None:
    own = [
        query
        for query in _queries()
        if query.page == LIBRARY_PAGES[library]
        and re.search(rf"\bfrom {library}\.", query.sql)
        and not _OF_STEWARDS.search(query.sql)
    ]
    assert len(own) >= 10


@pytest.mark.parametrize("query", _queries(), ids=str)
def test_it_runs_and_answers(opened: dict[str, duckdb.DuckDBPyConnection], query: Query) -> None:
    audience = "steward" if _OF_STEWARDS.search(query.sql) else "analyst"
    found = opened[audience].execute(query.sql)
    columns = [name for name, *_ in found.description]
    rows = found.fetchall()
    assert rows or any(part in query.sql for part in _MAY_BE_EMPTY)
    # A column that answers nobody would be there for nothing.
    answered = zip(columns, zip(*rows, strict=True), strict=True) if rows else ()
    silent = [name for name, values in answered if all(value is None for value in values)]
    assert silent == []


def test_every_kind_of_damage_in_the_truth_is_explained(built: Built) -> None:
    with connect() as connection:
        connection.execute(f"attach '{truth_path(built.house.settings)}' as city_truth (read_only)")
        injected = {
            defect
            for table in ("record", "licence", "licence_operation")
            for (defect,) in connection.execute(
                "select distinct unnest(string_split(defects, ','))"
                f" from city_truth.{table} where coalesce(defects, '') <> ''"
            ).fetchall()
        }
    assert injected
    assert not injected - explained_defects(), "tell in docs/score.md what becomes of it"
