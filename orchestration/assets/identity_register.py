"""Lands what a build minted: the identity register is one of citybase's own sources.

Stands between the build and its publication, so that no key is ever seen outside that a rebuild
from landing would not give again.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.pools import WAREHOUSE
from orchestration.resources import CitybaseHome
from sources.identity_register import REGISTERS, land_register

LAYER = "landing"
SYSTEM = "identity_register"


def register_key(table_code: str) -> dg.AssetKey:
    """The asset of one landed register."""
    return dg.AssetKey([LAYER, SYSTEM, table_code])


@dg.multi_asset(
    name="land_identity_register",
    specs=[
        dg.AssetSpec(
            register_key(register.table_code),
            deps=[dg.AssetKey(["intermediate", register.library, register.model])],
            group_name=f"{LAYER}_{SYSTEM}",
            description=f"身份登记簿:{register.name}。Minted keys, landed before they are used.",
            kinds={"parquet"},
            skippable=True,
        )
        for register in REGISTERS
    ],
    can_subset=True,
    pool=WAREHOUSE,
)
def land_identity_register(
    context: dg.AssetExecutionContext, home: CitybaseHome
) -> Iterator[dg.MaterializeResult[None]]:
    """Append the keys that landing does not know yet."""
    for register in REGISTERS:
        key = register_key(register.table_code)
        if key in context.selected_asset_keys:
            landed = land_register(home.settings(), register)
            yield dg.MaterializeResult(asset_key=key, metadata={"keys_landed": landed})
