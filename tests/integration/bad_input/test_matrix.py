"""Whatever a source holds, its good rows land and the rest is quarantined with a reason: one test
per row of the matrix, each on the real thing.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.store import open_store
from sources.content import table_content
from sources.contract import System
from sources.landing import absolute
from sources.relation import current_rows
from sources.tables import landed_table
from tests.integration.bad_input.matrix import (
    DELIVERIES,
    IMPOSSIBLE,
    KINDS,
    TECHNOLOGIES,
    VALUES,
    Delivery,
    Value,
    table,
)
from tests.integration.bad_input.sources_of import delivery_of, holding
from tests.integration.extraction.extraction_house import House
from tests.pages import page

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

# Of which an extraction of nothing takes 200; a field of 100 MB is in memory a few times.
MOST_MEGABYTES = 1_500
_SHOWN = 40


@dataclass(frozen=True)
class Outcome:
    """What became of a table: its rows, what stands in quarantine, and what the ledger says."""

    rows: dict[str, str]
    quarantined: list[tuple[str | None, str | None, str | None, str]]
    rejected: int
    read: int


def extracted(house: House, system: System, location: str, *, heavy: bool) -> list[str]:
    """The failures."""
    house.locate(system, location)
    if not heavy:
        return [failure.message for failure in house.extract(system).failures]
    asked = {
        "system": system.model_dump(by_alias=True, mode="json"),
        "home": str(house.settings.home),
        "location": location,
    }
    child = subprocess.run(
        [sys.executable, "-m", "tests.integration.bad_input.child"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    said = json.loads(child.stdout)
    assert said["megabytes"] < MOST_MEGABYTES
    return list(said["failures"])


def outcome(house: House, system: System) -> Outcome:
    engine = open_store(house.settings)
    content = table_content(engine, system.system, "t")
    engine.dispose()
    query = current_rows(house.settings, landed_table(system, system.table("t")), content)
    files = [str(file) for file in absolute(house.settings, content.quarantine_files)]
    with connect() as duck:
        rows = duck.execute(f"select id::varchar, v::varchar from ({query})").fetchall()
        quarantined = []
        if files:
            quarantined = duck.execute(
                "select json_extract_string(row_key, '$.id'), column_code, raw_value, reason,"
                " _batch_id, row_number from read_parquet($1)"
                " order by _batch_id, row_number, column_code",
                [files],
            ).fetchall()
    return Outcome(
        rows=dict(rows),
        quarantined=[row[:4] for row in quarantined],
        rejected=len({row[4:] for row in quarantined}),
        read=sum(batch.rows_read for batch in content.batches),
    )


def cases(rows: list[Value] | list[Delivery]) -> list[object]:
    return [
        pytest.param(row, technology, id=f"{row.kind}-{technology}-{number}")
        for number, row in enumerate(rows)
        for technology in row.technologies
    ]


@pytest.mark.parametrize(("value", "technology"), cases(VALUES))
def test_a_value(
    value: Value,
    technology: str,
    house: House,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    with holding(value, technology, request, tmp_path) as held:
        assert extracted(house, held.system, held.location, heavy=value.heavy) == []
        if technology.endswith("_log"):
            held.change()
            assert extracted(house, held.system, held.location, heavy=value.heavy) == []
    found = outcome(house, held.system)
    good = value.good_lands or value.good.strip("'\"")
    expected = {"1": good, "9": good}
    if value.lands is not None:
        lands = value.lands * 104857600 if value.heavy else value.lands
        expected |= {"5": lands, "6": lands}
    assert found.rows.keys() == expected.keys(), found.quarantined
    for key, text in expected.items():
        # Two texts of 100 MB are not to be shown side by side.
        same = found.rows[key] == text
        assert same, (key, found.rows[key][:_SHOWN], len(found.rows[key]), text[:_SHOWN])
    if value.lands is None:
        written = value.raw or str(value.bad).strip("'\"")
        assert {(key, raw, reason) for key, _, raw, reason in found.quarantined} == {
            (key if "{id}" not in written else None, written.replace("{id}", key), value.reason)
            for key in ("5", "6")
        }
    assert found.read == len(found.rows) + found.rejected == 4


@pytest.mark.parametrize(("delivery", "technology"), cases(DELIVERIES))
def test_a_delivery(delivery: Delivery, technology: str, house: House, tmp_path: Path) -> None:
    with delivery_of(delivery.make(technology), technology, tmp_path) as (system, location):
        failures = extracted(house, system, location, heavy=delivery.heavy)
    if delivery.error is not None:
        [message] = failures
        assert delivery.error in message
        assert "t_20260101" in message
        assert list(house.settings.landing.rglob("*.parquet")) == []
        return
    assert failures == []
    found = outcome(house, system)
    assert tuple(sorted(found.rows)) == delivery.lands
    assert {reason for *_, reason in found.quarantined} == set(delivery.reasons)
    assert found.rejected == delivery.rejected
    assert found.read == len(found.rows) + found.rejected


def test_every_kind_is_tried_on_every_technology_where_it_can_occur() -> None:
    tried = {(row.kind, one) for row in (*VALUES, *DELIVERIES) for one in row.technologies}
    wanted = {(kind, one) for kind in KINDS for one in TECHNOLOGIES}
    assert tried | IMPOSSIBLE.keys() == wanted
    assert tried & IMPOSSIBLE.keys() == set()
    assert {row.kind for row in (*VALUES, *DELIVERIES)} <= KINDS.keys()


def test_the_page_shows_the_matrix() -> None:
    assert "\n".join(table()) in page("docs/testing.md")
