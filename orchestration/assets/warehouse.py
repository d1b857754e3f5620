"""From landing to libraries: the cut is bound, then dbt builds on it.

The arguments of a dbt run are a pure function, tested without dbt. Keep out: what nodes are called
(``translator.py``), what failing rows look like (``checks/sample_keys.py``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

from citybase.lock import warehouse_lock
from citybase.masking import mask_numbers
from orchestration.assets.landing import landing_keys
from orchestration.checks.sample_keys import with_sample_keys
from orchestration.dbt_process import ended
from orchestration.pools import WAREHOUSE
from orchestration.project import exported_environment, target_folder
from orchestration.resources import CitybaseHome
from orchestration.translator import CitybaseTranslator
from sources.raw import bind as bind_cut
from sources.registry import Registry

BIND_LAYER = "bind"
META_TABLES = (
    "cut",
    "batch",
    "source_table",
    "source_column",
    "written_division",
    "quarantine",
)
# A person's `citybase dbt` takes seconds to minutes: a run waits for it instead of failing.
LOCK_PATIENCE_SECONDS = 600


class DbtBuildConfig(dg.Config):
    """What an operator may ask of a build in the launchpad."""

    full_refresh: bool = False


def bind_keys() -> list[dg.AssetKey]:
    """The assets of the bound cut: what dbt reads as source `meta`."""
    return [dg.AssetKey([BIND_LAYER, table]) for table in META_TABLES]


def build_bind_asset(registry: Registry) -> dg.AssetsDefinition:
    """One op that binds `raw.*` and `meta.*` to one committed cut of every landed table."""

    @dg.multi_asset(
        name="bind_cut",
        specs=[
            dg.AssetSpec(
                key,
                deps=landing_keys(registry),
                group_name=BIND_LAYER,
                description=f"截面 meta.{key.path[-1]}: one committed cut of all systems.",
                kinds={"duckdb"},
            )
            for key in bind_keys()
        ],
        pool=WAREHOUSE,
    )
    def bind_op(home: CitybaseHome) -> Iterator[dg.MaterializeResult[None]]:
        cut = bind_cut(home.settings(), wait_seconds=LOCK_PATIENCE_SECONDS)
        for key in bind_keys():
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={"cut_id": cut.cut_id, "as_of_date": str(cut.as_of_date)},
            )

    return bind_op


def build_dbt_assets(project: DbtProject) -> dg.AssetsDefinition:
    """Every seed, model and test of the dbt project."""

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=CitybaseTranslator(),
        name="dbt_build",
        pool=WAREHOUSE,
    )
    def dbt_build(
        context: dg.AssetExecutionContext,
        config: DbtBuildConfig,
        dbt: DbtCliResource,
        home: CitybaseHome,
    ) -> Iterator[Any]:
        settings = home.settings()
        with (
            warehouse_lock(
                settings,
                f"dbt build of run {context.run_id}",
                wait_seconds=LOCK_PATIENCE_SECONDS,
            ),
            exported_environment(settings),
        ):
            invocation = dbt.cli(
                build_arguments(is_full_refresh=config.full_refresh),
                context=context,
                raise_on_error=False,
                target_path=target_folder(settings),
            )
            with ended(invocation.process):
                yield from with_sample_keys(invocation, settings=settings)
            error = invocation.get_error()
        if error is not None:
            # dbt repeats what the database said, and that the value it could not convert.
            raise dg.Failure(mask_numbers(str(error))) from None

    return dbt_build


def build_arguments(*, is_full_refresh: bool) -> Sequence[str]:
    """The arguments of `dbt build`; the selection comes from Dagster."""
    return ["build", "--full-refresh"] if is_full_refresh else ["build"]
