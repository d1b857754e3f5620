"""The one code location. `build_definitions` assembles it, the same way for production and tests.

Keep out: everything that can be said in a module of its own; this one only puts together.
"""

import dagster as dg

from citybase.private import make_private
from citybase.settings import Settings, load_settings
from orchestration.assets.identity_register import land_identity_register
from orchestration.assets.landing import build_landing_assets
from orchestration.assets.publish import build_publish_asset
from orchestration.assets.warehouse import build_bind_asset, build_dbt_assets
from orchestration.jobs import all_jobs
from orchestration.project import dbt_project, dbt_resource
from orchestration.resources import CitybaseHome
from sources.registry import Registry, load_registry


def build_definitions(
    *, settings: Settings | None = None, registry: Registry | None = None
) -> dg.Definitions:
    """Assets, checks, jobs and resources of one installation.

    ``settings`` defaults to CITYBASE_HOME, ``registry`` to the files of ``sources/registry/``.
    """
    settings = settings or load_settings()
    registry = registry or load_registry()
    built = build_dbt_assets(dbt_project(settings))
    return dg.Definitions(
        assets=[
            *build_landing_assets(registry),
            build_bind_asset(registry),
            built,
            land_identity_register,
            build_publish_asset(built.keys),
        ],
        jobs=all_jobs(),
        resources={
            "home": CitybaseHome(path=str(settings.home)),
            "dbt": dbt_resource(),
        },
        # One process: the ops take turns on the warehouse anyway, and each further process would
        # import everything again for seconds of work.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster's own tools load. Importing this module builds nothing."""
    make_private(load_settings())
    return build_definitions()
