"""The whole asset graph against a committed snapshot: whoever changes it sees in review what moved.

After a wanted change: `pytest tests/conventions/test_asset_graph.py --renew-snapshots`, then read
the diff of ``asset_graph.json``.
"""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from citybase.settings import Settings
from orchestration.definitions import build_definitions

pytestmark = pytest.mark.conventions

SNAPSHOT = Path(__file__).with_name("asset_graph.json")


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings=settings)


def test_the_graph_is_the_committed_one(
    definitions: dg.Definitions, *, renew_snapshots: bool
) -> None:
    found = _snapshot(definitions)
    if renew_snapshots:
        SNAPSHOT.write_text(
            json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    committed = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    remedy = "after a wanted change: pytest tests/conventions/test_asset_graph.py --renew-snapshots"
    for part in ("assets", "jobs"):
        assert found[part].keys() == committed[part].keys(), remedy
        for name, facts in found[part].items():
            assert facts == committed[part][name], f"{name}; {remedy}"
    assert found == committed


def test_every_asset_that_opens_the_warehouse_waits_its_turn(definitions: dg.Definitions) -> None:
    pools = {name: asset["pool"] for name, asset in _snapshot(definitions)["assets"].items()}
    assert {name.partition("/")[0] for name, pool in pools.items() if pool is None} == {"landing"}
    assert {pool for pool in pools.values() if pool is not None} == {"warehouse"}
    for table in ("person", "organisation", "licence"):
        assert pools[f"landing/identity_register/{table}"] == "warehouse"


def test_publishing_waits_for_everything_it_shows(definitions: dg.Definitions) -> None:
    assets = _snapshot(definitions)["assets"]
    shown = {name for name in assets if name.split("/")[0] in ("library", "quality", "mart")} | {
        name for name in assets if name.startswith("landing/identity_register/")
    }
    for audience in ("steward", "analyst"):
        assert set(assets[f"serving/{audience}"]["deps"]) == shown


def test_every_library_model_has_a_check_that_blocks(definitions: dg.Definitions) -> None:
    assets = _snapshot(definitions)["assets"]
    bare = [
        name
        for name, asset in assets.items()
        if name.startswith("library/") and True not in asset["checks"].values()
    ]
    assert not bare


def _snapshot(definitions: dg.Definitions) -> dict[str, Any]:
    assets = {}
    for asset in definitions.assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        for spec in asset.specs:
            assets[spec.key.to_user_string()] = {
                "op": asset.node_def.name,
                "pool": asset.op.pool,
                "group": spec.group_name,
                "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                # Whether the check, when it fails, stops what is built on the asset.
                "checks": {
                    check.name: check.blocking
                    for check in sorted(asset.check_specs, key=lambda check: check.name)
                    if check.asset_key == spec.key
                },
            }
    jobs = {}
    for job in definitions.jobs or ():
        layer = definitions.resolve_job_def(job.name).asset_layer
        jobs[job.name] = sorted(key.to_user_string() for key in layer.selected_asset_keys)
    return {"assets": dict(sorted(assets.items())), "jobs": dict(sorted(jobs.items()))}
