"""One subsettable multi-asset per source system, made from the registry, none written by hand.

A table whose source fails keeps serving its last committed batch: its asset stands, with the check
`source_answered` red and the batch it stands on in its metadata. Only a table that never landed
stops the build. Keep out: how a source is read (`sources/`).
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from citybase.errors import SourceError
from citybase.masking import mask_numbers
from citybase.store import open_store
from orchestration.checks.landing import check_specs, contract_results, source_result
from orchestration.resources import CitybaseHome
from sources.attempt import Receipt
from sources.contract import System, Table
from sources.extract import Failure, extract_system
from sources.ledger import last_batch
from sources.registry import Registry

LAYER = "landing"


def landing_key(system_code: str, table_code: str) -> dg.AssetKey:
    """The asset of a source table; dbt's source of the same table carries the same key."""
    return dg.AssetKey([LAYER, system_code, table_code])


def build_landing_assets(registry: Registry) -> list[dg.AssetsDefinition]:
    """One multi-asset per system of the registry."""
    return [_system_assets(system, registry) for system in registry.systems]


def _system_assets(system: System, registry: Registry) -> dg.AssetsDefinition:
    tables = {landing_key(system.system, table.table): table for table in system.tables}

    @dg.multi_asset(
        name=f"{LAYER}_{system.system}",
        specs=[_spec(system, table) for table in system.tables],
        check_specs=[
            spec for key, table in tables.items() for spec in check_specs(key, table=table)
        ],
        can_subset=True,
    )
    def extract(
        context: dg.AssetExecutionContext, home: CitybaseHome
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        wanted = [
            table.table for key, table in tables.items() if key in context.selected_asset_keys
        ]
        result = extract_system(home.settings(), system.system, tables=wanted, registry=registry)
        landed = {receipt.table_code for receipt in result.receipts}
        for receipt in result.receipts:
            parts = [one for one in result.failures if one.table_code == receipt.table_code]
            yield from _landed(home, system, receipt, failure=parts[0] if parts else None)
        for failure in result.failures:
            context.log.error(mask_numbers(f"{failure.message} {failure.remedy}"))
            failed = wanted if failure.table_code is None else [failure.table_code]
            for table_code in failed:
                if table_code not in landed:
                    yield from _standing(home, system, table_code, failure)

    return extract


def _landed(
    home: CitybaseHome, system: System, receipt: Receipt, *, failure: Failure | None
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    key = landing_key(system.system, receipt.table_code)
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "rows_read": receipt.rows_read,
            "rows_landed": receipt.rows_landed,
            "rows_quarantined": receipt.rows_quarantined,
            "batch_id": receipt.batch_id,
            "is_unchanged": receipt.unchanged,
            "dagster/row_count": receipt.rows_landed,
            **({"pending_columns": ", ".join(receipt.pending)} if receipt.pending else {}),
        },
    )
    yield source_result(key, failure=failure)
    yield from contract_results(home.settings(), system, receipt.table_code, key)


def _standing(
    home: CitybaseHome, system: System, table_code: str, failure: Failure
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The events of a table whose source failed: it stands on its last batch, if it has one."""
    key = landing_key(system.system, table_code)
    engine = open_store(home.settings())
    batch = last_batch(engine, system.system, table_code)
    engine.dispose()
    if batch is None:
        raise SourceError(
            f"{failure.message} {table_code} has never landed: there is nothing to build on.",
            remedy=failure.remedy,
        )
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={
            "stands_on_batch": batch.batch_id,
            "committed_at": f"{batch.committed_at:%Y-%m-%d %H:%M:%S} UTC",
            "error": mask_numbers(failure.message),
        },
    )
    yield source_result(key, failure=failure)
    yield from contract_results(home.settings(), system, table_code, key)


def _spec(system: System, table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=landing_key(system.system, table.table),
        group_name=f"{LAYER}_{system.department.code}",
        description=f"{system.department.name} {system.name}: {table.name}",
        skippable=True,
        metadata={
            "mode": table.mode,
            "update_cycle": table.update_cycle,
            "keys": ", ".join(table.keys),
            "registry": f"sources/registry/{system.department.code}/{system.system}.yml",
        },
        kinds={system.connection.technology, "parquet"},
        tags={"department": system.department.code, "system": system.system},
    )


def landing_keys(registry: Registry) -> Sequence[dg.AssetKey]:
    """Every landing asset's key."""
    return [landing_key(system.system, table.table) for system, table in registry.tables()]
