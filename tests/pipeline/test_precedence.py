"""Survivorship: every golden value, its provenance and its conflict flag, predicted a second time;
and a changed priority moves exactly the predicted cells.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.project import dbt_folder
from tests.pipeline.golden import POPULATION, predict
from tests.pipeline.pipeline_house import (
    Built,
    House,
    copied,
    copied_project,
    differences,
)

pytestmark = pytest.mark.pipeline

PERSON = "library.lib_population__entity_person"
PROVENANCE = "library.lib_population__entity_person_provenance"
_FIRST = ("household_register", "resident")
_OTHER = ("social_security", "insured_person")


@pytest.mark.parametrize("attribute", POPULATION.attributes)
def test_every_value_is_the_predicted_one_and_says_where_it_is_from(
    built: Built, attribute: str
) -> None:
    found = _found(built.house, attribute)
    assert found == _predicted(built.house, dbt_folder() / "seeds" / "code", attribute)
    assert any(value is not None for value, *_ in found.values())


def test_a_person_has_a_conflict_when_an_attribute_has_one(built: Built) -> None:
    flags = " or ".join(f"{_stem(name)}_is_conflicted" for name in POPULATION.attributes)
    wrong, with_conflict, without = built.house.rows(
        f"""
        select
            count(*) filter (where person.has_conflict <> ({flags})),
            count(*) filter (where person.has_conflict),
            count(*) filter (where not person.has_conflict)
        from {PERSON} as person
        inner join {PROVENANCE} as provenance using (person_key)
        """
    )[0]
    assert wrong == 0
    assert with_conflict > 0
    assert without > 0


def test_swapped_priorities_change_exactly_the_predicted_cells(
    built: Built, tmp_path: Path
) -> None:
    project = copied_project(tmp_path / "project")
    seeds = project / "seeds" / "code"
    _swap(seeds / "attribute_precedence.csv", attribute="name")
    with copied(built.house, tmp_path / "swapped") as house:
        house.bind()
        before = _found(house, "name")
        house.dbt(
            "build",
            "-s",
            "attribute_precedence+",
            "--exclude-resource-type",
            "test",
            project=project,
        )
        after = _found(house, "name")
        assert after == _predicted(house, seeds, "name")
        changed = {key for key in before if before[key][0] != after[key][0]}
        named_differently = _named_differently(house)
        assert named_differently
        assert named_differently <= changed
        assert _differing_cells(built.house, house, PERSON) == {"name": changed}
        moved = _differing_cells(built.house, house, PROVENANCE)
        assert set(moved) <= {"name_source_code", "name_source_at", "name_rule_code"}
        assert changed <= moved["name_source_code"]
        others = differences(
            built.house.settings.warehouse,
            house.settings.warehouse,
            schemas=["library"],
            with_bookkeeping=False,
        )
        assert set(others) == {PERSON, PROVENANCE}, others


def _stem(attribute: str) -> str:
    return attribute.removesuffix("_code").removesuffix("_date")


Cell = tuple[str | None, str | None, datetime | None, str | None, bool]


def _found(house: House, attribute: str) -> dict[int, Cell]:
    stem = _stem(attribute)
    rows = house.rows(
        f"""
        select
            person_key, cast(person.{attribute} as varchar), {stem}_source_code, {stem}_source_at,
            {stem}_rule_code, {stem}_is_conflicted
        from {PERSON} as person
        inner join {PROVENANCE} as provenance using (person_key)
        """
    )
    assert len(rows) == house.one(f"select count(*) from {PERSON}")
    return {key: tuple(cell) for key, *cell in rows}


def _predicted(house: House, seeds: Path, attribute: str) -> dict[int, Cell]:
    with house.warehouse() as connection:
        said = predict(connection, POPULATION, seeds)[attribute]
        keys = [key for (key,) in connection.execute(f"select person_key from {PERSON}").fetchall()]
    cells: dict[int, Cell] = dict.fromkeys(keys, (None, None, None, None, False))
    for row in said.iter_rows(named=True):
        cells[row["person_key"]] = (
            row["value"],
            f"{row['system_code']}.{row['table_code']}",
            datetime.fromtimestamp(row["second"], UTC).replace(tzinfo=None)
            if row["second"]
            else None,
            f"population.{attribute}.{row['priority']}",
            row["is_conflicted"],
        )
    return cells


def _swap(path: Path, *, attribute: str) -> None:
    """Exchange the priorities of household register and social security for one attribute."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mine = [
        row
        for row in rows
        if (row["library_code"], row["attribute_code"]) == ("population", attribute)
    ]
    (first,) = (row for row in mine if (row["system_code"], row["table_code"]) == _FIRST)
    (other,) = (row for row in mine if (row["system_code"], row["table_code"]) == _OTHER)
    for column in ("priority", "rule_code"):
        first[column], other[column] = other[column], first[column]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _named_differently(house: House) -> set[int]:
    """Persons whose newest record in the one source bears another name than in the other."""
    newest = """
        select link.person_key, max_by(staged.name, staged.source_at) as name
        from staging.{model} as staged
        inner join library.lib_population__link_person_source as link
            using (system_code, table_code, source_key, role_code)
        where staged.name is not null
        group by link.person_key
    """
    return set(
        house.column(
            f"""
            select person_key
            from ({newest.format(model="stg_household_register__resident")}) as one
            inner join ({newest.format(model="stg_social_security__insured_person")}) as other
                using (person_key)
            where one.name <> other.name
            """
        )
    )


def _differing_cells(one: House, other: House, relation: str) -> dict[str, set[int]]:
    """Per column the keys whose cell differs between two warehouses; both hold the same keys."""
    tables = []
    for house in (one, other):
        with house.warehouse() as connection:
            names = [name for name, *_ in connection.execute(f"describe {relation}").fetchall()]
            tables.append(
                {
                    row[names.index("person_key")]: row
                    for row in connection.execute(f"from {relation}").fetchall()
                }
            )
    assert tables[0].keys() == tables[1].keys()
    found: dict[str, set[int]] = {}
    for key, row in tables[0].items():
        for name, left, right in zip(names, row, tables[1][key], strict=True):
            if left != right and not name.startswith("_"):
                found.setdefault(name, set()).add(key)
    return found
