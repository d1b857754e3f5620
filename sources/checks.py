"""Contract checks of landing: does the newest batch of a table keep what the registry promises?

Plain functions on files and ledger; ``orchestration/checks/`` shows them in Dagster. The department
mends what they find. Add a check with its statement in ``CONTRACT_CHECKS``. Keep out: rules about
content (those are declared beside the models).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from citybase.duck import connect, literal, quoted
from citybase.masking import mask_key
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing, ledger
from sources.content import table_content
from sources.contract import System, sql_type
from sources.ledger import Batch
from sources.relation import current_rows
from sources.segment import count_quarantined, count_rows
from sources.tables import LandedTable, landed_table
from sources.volume import Verdict, judge

SAMPLE_SIZE = 5

CONTRACT_CHECKS: Mapping[str, str] = {
    "columns_are_as_declared": "Every registry column stands in the segment under its type.",
    "keys_are_present": "No landed row lacks a key value.",
    "keys_are_unique": "No two landed rows have one key.",
    "read_is_landed_plus_quarantined": "Every row read stands in a segment or in quarantine.",
    "volume_is_plausible": "As many rows land as before, by half, and few of those read are "
    "rejected; or an operator said that it is right.",
}


@dataclass(frozen=True)
class CheckResult:
    """One statement about the newest batch. ``counts`` are the figures behind it; ``sample_keys``
    are keys of offending rows, masked; ``remark`` and ``remedy`` are sentences for people.
    """

    name: str
    passed: bool
    counts: Mapping[str, int]
    severity: str = "error"
    sample_keys: tuple[str, ...] = field(default=())
    remark: str = ""
    remedy: str = ""


def check_table(settings: Settings, system: System, table_code: str) -> tuple[CheckResult, ...]:
    """Every contract check of one table, in the order of ``CONTRACT_CHECKS``.

    Keys are looked for in the whole table where the newest batch only holds changes. A table
    without a batch fails them all, with ``batches`` 0. Raises KeyError when the system has no such
    table.
    """
    table = landed_table(system, system.table(table_code))
    engine = open_store(settings)
    try:
        batch = ledger.last_batch(engine, table.system_code, table.table_code)
        content = table_content(engine, table.system_code, table.table_code)
        verdict = judge(ledger.volumes(engine, table.system_code, table.table_code))
    finally:
        engine.dispose()
    if batch is None or verdict is None:
        return tuple(
            CheckResult(name, passed=False, counts={"batches": 0}) for name in CONTRACT_CHECKS
        )
    files = landing.absolute(settings, batch.files)
    missing = [
        file for file in landing.absolute(settings, tuple(content.files)) if not file.exists()
    ]
    if missing:
        return tuple(
            CheckResult(name, passed=False, counts={"files_missing": len(missing)})
            for name in CONTRACT_CHECKS
        )
    rows = _read(files) if batch.kind == "base" else f"({current_rows(settings, table, content)})"
    with connect(scratch=settings.scratch) as duck:
        columns = _columns(duck, table, files)
        if not columns.passed:
            return (
                columns,
                *_unanswerable(),
                _reconciled(settings, duck, batch),
                _plausible(table, verdict),
            )
        return (
            columns,
            _keys_present(duck, table, rows),
            _keys_unique(duck, table, rows),
            _reconciled(settings, duck, batch),
            _plausible(table, verdict),
        )


def _unanswerable() -> tuple[CheckResult, CheckResult]:
    """The key checks of a segment whose columns are not the declared ones."""
    return (
        CheckResult("keys_are_present", passed=False, counts={"not_checked": 1}),
        CheckResult("keys_are_unique", passed=False, counts={"not_checked": 1}),
    )


def _columns(duck: duckdb.DuckDBPyConnection, table: LandedTable, files: list[Path]) -> CheckResult:
    # Where nothing had changed there is no segment to look at.
    landed = {
        str(name): str(kind)
        for name, kind, *_ in (
            duck.execute(f"describe from {_read(files)}").fetchall() if files else ()
        )
    }
    wrong = [c.code for c in table.columns if files and landed.get(c.code) != sql_type(c.type)]
    return CheckResult(
        "columns_are_as_declared",
        passed=not wrong,
        counts={"columns": len(table.columns), "missing_or_retyped": len(wrong)},
        sample_keys=tuple(wrong[:SAMPLE_SIZE]),
    )


def _keys_present(
    duck: duckdb.DuckDBPyConnection, table: LandedTable, relation: str
) -> CheckResult:
    lacking = " or ".join(f"{quoted(key)} is null" for key in table.keys)
    rows, missing = _one(
        duck, f"select count(*), count(*) filter (where {lacking}) from {relation}"
    )
    return CheckResult(
        "keys_are_present", passed=missing == 0, counts={"rows": rows, "missing": missing}
    )


def _keys_unique(duck: duckdb.DuckDBPyConnection, table: LandedTable, relation: str) -> CheckResult:
    keys = ", ".join(quoted(key) for key in table.keys)
    joined = ", ".join(f"cast({quoted(key)} as varchar)" for key in table.keys)
    repeated = f"""
        select concat_ws('|', {joined}) as shown, count(*) as times
        from {relation}
        group by {keys}
        having count(*) > 1
    """
    count, rows = _one(duck, f"select count(*), sum(times) from ({repeated})")
    found = duck.execute(f"select shown from ({repeated}) order by shown limit {SAMPLE_SIZE}")
    return CheckResult(
        "keys_are_unique",
        passed=count == 0,
        counts={"keys_repeated": count, "rows": rows},
        sample_keys=tuple(mask_key(str(shown)) or "" for (shown,) in found.fetchall()),
    )


def _reconciled(settings: Settings, duck: duckdb.DuckDBPyConnection, batch: Batch) -> CheckResult:
    landed = count_rows(landing.absolute(settings, batch.files), duck=duck)
    quarantined = count_quarantined(landing.absolute(settings, batch.quarantine_files), duck=duck)
    return CheckResult(
        "read_is_landed_plus_quarantined",
        passed=batch.rows_read == landed + quarantined
        and (batch.rows_landed, batch.rows_quarantined) == (landed, quarantined),
        counts={"read": batch.rows_read, "landed": landed, "quarantined": quarantined},
    )


def _plausible(table: LandedTable, verdict: Verdict) -> CheckResult:
    newest, earlier, problem = verdict.newest, verdict.earlier, verdict.problem
    counts = {
        "read": newest.rows_read,
        "landed": newest.rows_landed,
        "quarantined": newest.rows_quarantined,
    }
    if earlier is not None:
        counts |= {"landed_before": earlier.rows_landed, "batch_before": earlier.batch_id}
    if problem is not None and newest.is_accepted:
        problem = f"Accepted by an operator: {problem}"
    return CheckResult(
        "volume_is_plausible",
        passed=verdict.is_plausible,
        counts=counts,
        remark=problem or "",
        remedy=""
        if verdict.is_plausible
        else "Ask the department. If the delivery is right: "
        f"`citybase extract {table.system_code} --table {table.table_code} --accept-volume`.",
    )


def _one(duck: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    first, second = duck.execute(query).fetchall()[0]
    return int(first or 0), int(second or 0)


def _read(files: list[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"
