"""The jobs an operator starts: the whole way, or one library again.

Add a job when people launch a new selection by hand. Keep out: what runs by itself (schedules and
sensors) and the assets.
"""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)

from orchestration.assets.identity_register import LAYER as LANDING
from orchestration.assets.identity_register import SYSTEM as IDENTITY_REGISTER
from orchestration.assets.publish import LAYER as SERVING
from orchestration.assets.warehouse import BIND_LAYER

LIBRARIES = ("population", "legal_entity", "licence")


def full_build() -> UnresolvedAssetJobDefinition:
    """Everything: extract, bind, build, land the minted keys, publish."""
    return dg.define_asset_job(
        "full_build",
        selection=dg.AssetSelection.all(),
        description="全量构建: extract every system, build and check the libraries, publish.",
    )


def rebuild_library(library: str) -> UnresolvedAssetJobDefinition:
    """One library from the bound cut, with what it is built on and what is built on it; publish.

    The cut stays: every library then still tells of the same day.
    """
    own = dg.AssetSelection.groups(
        f"intermediate_{library}", f"library_{library}", f"quality_{library}"
    )
    arrived = dg.AssetSelection.key_prefixes([LANDING], [BIND_LAYER])
    registers = dg.AssetSelection.key_prefixes([LANDING, IDENTITY_REGISTER])
    return dg.define_asset_job(
        f"rebuild_{library}",
        selection=((own.upstream() | own.downstream()) - arrived)
        | dg.AssetSelection.groups(SERVING)
        | registers,
        description=f"重建{library}: build this library again from the bound cut, publish.",
    )


def all_jobs() -> Sequence[UnresolvedAssetJobDefinition]:
    """Every job of the code location."""
    return [full_build(), *(rebuild_library(library) for library in LIBRARIES)]
