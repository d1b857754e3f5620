"""The `library` materialization: whatever was built before, in whatever steps, the end is a full
build; and only what an edit concerns is written.
"""

from pathlib import Path

import pytest

from citybase.duck import connect
from tests.pipeline.lived_in.edits import (
    LAST_NAME,
    NEW_ORGANISATION_NAME,
    NEW_PHONE,
    NEWBORN,
    SECOND_NAME,
)
from tests.pipeline.lived_in.story import GOLDEN, PERSON, Evolved, Story
from tests.pipeline.pipeline_house import copied_project, differences

pytestmark = pytest.mark.pipeline


def test_the_edits_reach_the_libraries(story: Story) -> None:
    edited = story.edited
    people = {
        key: values
        for key, *values in story.house.rows(
            f"select person_key, name, resident_number, phone from {PERSON}"
        )
    }
    assert people[edited.renamed.person_key][0] == LAST_NAME
    assert people[edited.called.person_key][2] == NEW_PHONE
    assert people[edited.corrected.person_key][1] == edited.corrected_number
    assert people[edited.renumbered.person_key][1] == edited.renumbered_number
    assert edited.deleted not in people
    numbers = {values[1]: key for key, values in people.items()}
    assert people[numbers[NEWBORN]][0] == "新生儿"
    assert (
        story.house.one(
            "select name from library.lib_legal_entity__entity_organisation"
            f" where entity_key = {edited.organisation}"
        )
        == NEW_ORGANISATION_NAME
    )
    assert (
        story.house.one(
            "select stated_state_code from library.lib_licence__entity_licence"
            f" where licence_key = {edited.licence}"
        )
        == "02"
    )


def test_only_what_an_edit_concerns_is_written(evolved: Evolved, story: Story) -> None:
    edited = story.edited
    with connect(story.warehouse_before, read_only=True) as connection:
        arrived = {
            key
            for (key,) in connection.execute(
                f"select person_key from {PERSON} where resident_number in {edited.arrived}"
                " or name = ? or resident_number = ?",
                [SECOND_NAME, edited.renumbered.number],
            ).fetchall()
        }
    # The newborn, one man under two numbers, the second bearer, who was split off.
    assert len(arrived) == 5
    written = story.written
    # Of the first bearer of a shared number nobody says anything else than before.
    unconcerned = {edited.deleted, edited.shared.person_key}
    assert written[GOLDEN] == (edited.persons - unconcerned) | arrived
    assert written[PERSON] <= written[GOLDEN]
    assert {edited.renamed.person_key, edited.called.person_key, *arrived} <= written[PERSON]
    assert written["library.lib_population__link_person_source"] == written[GOLDEN]
    assert written["library.lib_legal_entity__link_entity_source"] == {edited.organisation}
    # Who represents an organisation is said with it, and who holds a licence: who did before the
    # edits and who does now.
    people = ", ".join(map(str, edited.persons | arrived))
    organisations = written["library.lib_legal_entity__entity_organisation"]
    represented = _keys(
        evolved.warehouse,
        story.delta,
        "select entity_key from library.lib_legal_entity__link_entity_representative"
        f" where person_key in ({people})",
    )
    assert {edited.organisation} <= organisations <= {edited.organisation} | represented
    licences = written["library.lib_licence__entity_licence"]
    held = _keys(
        evolved.warehouse,
        story.delta,
        "select licence_key from library.lib_licence__link_licence_holder"
        f" where person_key in ({people}) or entity_key in"
        f" ({', '.join(map(str, {edited.organisation} | represented))})",
    )
    assert {edited.licence} <= licences <= {edited.licence} | held


def _keys(before: Path, after: Path, query: str) -> set[int]:
    """What a query finds in either of two warehouses."""
    found: set[int] = set()
    for warehouse in (before, after):
        with connect(warehouse, read_only=True) as connection:
            found |= {key for (key,) in connection.execute(query).fetchall()}
    return found


def test_the_killed_build_stopped_in_the_middle(story: Story) -> None:
    assert GOLDEN in story.state_when_killed
    assert PERSON not in story.state_when_killed


def test_delta_builds_one_of_them_killed_equal_a_full_refresh_in_buckets(story: Story) -> None:
    assert differences(story.house.settings.warehouse, story.refreshed) == {}


def test_delta_builds_equal_a_build_into_an_emptied_warehouse(story: Story) -> None:
    assert differences(story.house.settings.warehouse, story.emptied) == {}


def test_the_comparison_sees_a_difference(story: Story) -> None:
    found = differences(story.warehouse_before, story.house.settings.warehouse)
    # Two names, and two persons who are one now.
    assert found[PERSON] == (4, 3)
    assert found["staging.stg_household_register__resident"] == (2, 2)
    assert "library.lib_legal_entity__entity_organisation" not in found


def test_an_edited_model_is_built_again_and_back_without_full_refresh(
    story: Story, tmp_path: Path
) -> None:
    house = story.house
    project = copied_project(tmp_path / "project")
    model = next((project / "models").rglob("lib_population__entity_person.sql"))
    text = model.read_text(encoding="utf-8")
    expression = "cast(source_record_count as integer)"
    assert text.count(expression) == 1
    model.write_text(text.replace(expression, f"{expression} + 1000"), encoding="utf-8")
    counted = f"select sum(source_record_count), count(*) from {PERSON}"
    ((records, people),) = house.rows(counted)
    house.dbt("run", "-s", "lib_population__entity_person", project=project)
    assert house.rows(counted) == [(records + 1000 * people, people)]
    house.dbt("run", "-s", "lib_population__entity_person")
    assert house.rows(counted) == [(records, people)]
    assert differences(house.settings.warehouse, story.emptied) == {}


def test_a_delta_that_fails_leaves_the_rows_as_they_were(story: Story) -> None:
    house = story.house
    kept = house.rows(f"select * exclude (_input_hash) from {PERSON} order by person_key")
    with house.warehouse(read_only=False) as connection:
        # One person's input seems changed, and his row cannot be inserted any more.
        connection.execute(
            f"update {PERSON} set _input_hash = 0"
            f" where person_key = {story.edited.called.person_key}"
        )
        connection.execute(f"alter table {PERSON} rename column phone to telephone")
    house.dbt("run", "-s", "lib_population__entity_person", succeeds=False)
    assert house.rows(f"select * exclude (_input_hash) from {PERSON} order by person_key") == kept
    with house.warehouse(read_only=False) as connection:
        connection.execute(f"alter table {PERSON} rename column telephone to phone")
    house.dbt("run", "-s", "lib_population__entity_person")
    assert differences(house.settings.warehouse, story.emptied) == {}
