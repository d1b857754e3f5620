"""What a dbt node is called in Dagster: one small method per attribute, each stating its rule.

Keep out: which nodes run (``jobs.py``) and how (``assets/warehouse.py``).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

SEED_LAYER = "code"


class CitybaseTranslator(DagsterDbtTranslator):
    """A node's place in the tree is its place in the graph."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``<layer>/<folder>/<model>``; seeds ``code/<seed>``; sources as the registry says."""
        if dbt_resource_props["resource_type"] == "seed":
            return dg.AssetKey([SEED_LAYER, dbt_resource_props["name"]])
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([*_folders(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """``<layer>_<folder>``: the groups a person opens one at a time."""
        if dbt_resource_props["resource_type"] == "seed":
            return SEED_LAYER
        return "_".join(_folders(dbt_resource_props))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own description, without the SQL that dagster-dbt would append."""
        return str(dbt_resource_props.get("description", ""))

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """What dagster-dbt knows, and the file to open."""
        return {
            **super().get_metadata(dbt_resource_props),
            "file": f"dbt_project/{dbt_resource_props['original_file_path']}",
        }


def _folders(props: Mapping[str, Any]) -> list[str]:
    """The folders between ``models/`` and the file: ``['library', 'population']``."""
    return [str(part) for part in props["fqn"][1:-1]]
