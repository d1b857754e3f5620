"""Survivorship: every golden value, its provenance and its conflict flag, predicted a second
time.
"""

import pytest

from orchestration.project import dbt_folder
from tests.pipeline.built.golden import (
    ATTRIBUTES,
    PERSON,
    PROVENANCE,
    found_cells,
    predicted_cells,
    stem,
)
from tests.pipeline.pipeline_house import Built

pytestmark = pytest.mark.pipeline


def test_every_value_is_the_predicted_one_and_says_where_it_is_from(built: Built) -> None:
    with built.house.warehouse() as connection:
        found = found_cells(connection)
        predicted = predicted_cells(connection, dbt_folder() / "seeds" / "code")
    for attribute in ATTRIBUTES:
        assert found[attribute] == predicted[attribute], attribute
        assert any(value is not None for value, *_ in found[attribute].values()), attribute
    # The two witnesses speak in this city.
    assert "identity_number.resident" in {cell[1] for cell in found["birth_date"].values()}
    assert "name_agreement.resident" in {cell[1] for cell in found["name"].values()}


def test_a_person_has_a_conflict_when_an_attribute_has_one(built: Built) -> None:
    flags = " or ".join(f"{stem(name)}_is_conflicted" for name in ATTRIBUTES)
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
