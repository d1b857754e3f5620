"""The published files, per audience, as the last assets of the way.

Keep out: what an audience may see and how files are swapped (`citybase/serving/`).
"""

from collections.abc import Iterable, Iterator

import dagster as dg

from citybase.serving.audience import AUDIENCES
from citybase.serving.publish import publish
from orchestration.assets.identity_register import register_key
from orchestration.pools import WAREHOUSE
from orchestration.project import target_folder
from orchestration.resources import CitybaseHome
from sources.identity_register import REGISTERS

LAYER = "serving"
PUBLISHED_LAYERS = ("library", "quality", "mart")


def serving_keys() -> list[dg.AssetKey]:
    """One asset per audience."""
    return [dg.AssetKey([LAYER, audience.name]) for audience in AUDIENCES]


def build_publish_asset(model_keys: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """One op that publishes every audience; ``model_keys`` are the assets of the dbt project."""
    upstream = [key for key in model_keys if key.path[0] in PUBLISHED_LAYERS]
    upstream += [register_key(register.table_code) for register in REGISTERS]

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                key,
                deps=upstream,
                group_name=LAYER,
                description=f"发布文件 {key.path[-1]}: versioned read-only DuckDB files.",
                kinds={"duckdb"},
            )
            for key in serving_keys()
        ],
        pool=WAREHOUSE,
    )
    def publish_op(home: CitybaseHome) -> Iterator[dg.MaterializeResult[None]]:
        settings = home.settings()
        publication = publish(settings, manifest=target_folder(settings) / "manifest.json")
        for key in serving_keys():
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "batch": publication.batch,
                    "folder": str(settings.serving / key.path[-1] / f"v{publication.batch}"),
                },
            )

    return publish_op
