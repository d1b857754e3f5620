"""The Dagster instance of one installation: its folder, its settings, its first start.

Keep out: what runs on it.
"""

import os
import shutil

import dagster as dg

from citybase.settings import Settings, project_root
from orchestration.project import dbt_environment


def dagster_environment(settings: Settings) -> dict[str, str]:
    """The variables every Dagster process of this installation needs."""
    return {
        **dbt_environment(settings),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance, made on first use.

    Two processes that open a new SQLite storage at once break it for good, so everything that
    starts several processes calls this first, in one.
    """
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    config = settings.dagster_home / "dagster.yaml"
    if not config.exists():
        shutil.copyfile(project_root() / "deploy" / "dagster.yaml", config)
    os.environ.update(dagster_environment(settings))
    instance = dg.DagsterInstance.get()
    instance.get_runs(limit=1)
    instance.all_instigator_state()
    return instance
