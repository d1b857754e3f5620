"""Contract checks of landed tables, as Dagster shows them. What is checked stands in
``sources/checks.py``; here it only becomes events.

Kind: contract. A failing one blocks what is built on the table; the department mends its data.
"""

from collections.abc import Iterator

import dagster as dg

from citybase.masking import mask_numbers
from citybase.settings import Settings
from sources.checks import CONTRACT_CHECKS, CheckResult, check_table
from sources.contract import System, Table
from sources.extract import Failure

SOURCE_ANSWERED = "source_answered"


def check_specs(key: dg.AssetKey, *, table: Table) -> list[dg.AssetCheckSpec]:
    """The checks of one landed table: that its source answered, and its contract."""
    specs = [
        dg.AssetCheckSpec(
            SOURCE_ANSWERED,
            asset=key,
            description=f"{table.name}: the last extraction reached the source.",
        )
    ]
    specs += [
        dg.AssetCheckSpec(name, asset=key, description=statement, blocking=True)
        for name, statement in CONTRACT_CHECKS.items()
    ]
    return specs


def source_result(key: dg.AssetKey, *, failure: Failure | None) -> dg.AssetCheckResult:
    """Whether the source answered. A warning: the last good batch keeps serving."""
    return dg.AssetCheckResult(
        check_name=SOURCE_ANSWERED,
        asset_key=key,
        passed=failure is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={}
        if failure is None
        else {"error": mask_numbers(failure.message), "remedy": failure.remedy},
    )


def contract_results(
    settings: Settings, system: System, table_code: str, key: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """The contract checks of the table's newest batch."""
    for result in check_table(settings, system, table_code):
        yield _event(key, result)


def _event(key: dg.AssetKey, result: CheckResult) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {
        name: dg.MetadataValue.int(count) for name, count in result.counts.items()
    }
    if result.sample_keys:
        metadata["sample_keys"] = dg.MetadataValue.text(", ".join(result.sample_keys))
    for name in ("remark", "remedy"):
        if sentence := getattr(result, name):
            metadata[name] = dg.MetadataValue.text(sentence)
    return dg.AssetCheckResult(
        check_name=result.name,
        asset_key=key,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )
