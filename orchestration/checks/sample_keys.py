"""Shows on a failed dbt test which rows failed: how many, and a few of their keys, masked.

dbt keeps failing rows in a table of schema `failure` (`store_failures`). They may hold personal
data, and Dagster's event log is read by every user of its UI, so only masked samples go there.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation

from citybase import duck
from citybase.masking import mask_key
from citybase.settings import Settings

SAMPLE_SIZE = 5


def with_sample_keys(invocation: DbtCliInvocation, *, settings: Settings) -> Iterator[Any]:
    """Pass dbt's events on as they come; those of failed tests wait for its end, because only then
    can the warehouse be opened to look at their rows."""
    failed = []
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult) and not event.passed:
            failed.append(event)
        else:
            yield event
    relations = failing_relations(invocation.target_path / "run_results.json")
    if failed and settings.warehouse.exists():
        with duck.connect(settings.warehouse, read_only=True) as warehouse:
            for event in failed:
                yield _sampled(event, relations, warehouse)
    else:
        yield from failed


def failing_relations(run_results: Path) -> Mapping[str, str]:
    """The table of failing rows per unique id of a test."""
    if not run_results.exists():
        return {}
    results = json.loads(run_results.read_text(encoding="utf-8"))["results"]
    return {
        result["unique_id"]: result["relation_name"]
        for result in results
        if result.get("relation_name")
    }


def masked_samples(
    warehouse: duckdb.DuckDBPyConnection, relation: str
) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and up to SAMPLE_SIZE failing rows of a failure table, every value in them masked but
    counts and citybase's own keys: a birth date or a number tells who it is as a text does.
    """
    rows = warehouse.execute(f"select * from {relation} limit {SAMPLE_SIZE}")
    columns = [column[0] for column in rows.description or []]
    return columns, [
        {column: _shown(column, value) for column, value in zip(columns, row, strict=True)}
        for row in rows.fetchall()
    ]


def _shown(column: str, value: object) -> str:
    is_own = isinstance(value, int) and (column == "row_count" or column.endswith("_key"))
    return str(value) if is_own else mask_key("" if value is None else str(value)) or ""


def _sampled(
    event: dg.AssetCheckResult,
    relations: Mapping[str, str],
    warehouse: duckdb.DuckDBPyConnection,
) -> dg.AssetCheckResult:
    unique_id = event.metadata.get("unique_id")
    relation = relations.get(str(unique_id.value)) if unique_id is not None else None
    if relation is None:
        return event
    try:
        columns, rows = masked_samples(warehouse, relation)
    except duckdb.CatalogException:
        # The test broke before it could keep its rows; its error says so already.
        return event
    table = dg.MetadataValue.table(
        records=[dg.TableRecord(row) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(column) for column in columns]),
    )
    return event._replace(
        metadata={
            **event.metadata,
            "sample_keys": table,
            "failing_rows_table": dg.MetadataValue.text(relation),
        }
    )
