"""Keys outlive the warehouse, and whatever happens to a key is a row of the register."""

from itertools import pairwise
from pathlib import Path

import pytest

from citybase.duck import connect, literal
from tests.pipeline.lived_in.edits import TWICE_NUMBERED
from tests.pipeline.lived_in.story import Demonstrated, Evolved, Story
from tests.pipeline.register import MODELS, landed_entries, warehouse_entries

pytestmark = pytest.mark.pipeline


@pytest.mark.parametrize("table", MODELS)
def test_the_register_only_grows_and_every_build_ends_with_it(
    demonstrated: Demonstrated, evolved: Evolved, story: Story, table: str
) -> None:
    delta = warehouse_entries(story.delta, table)
    assert (
        warehouse_entries(demonstrated.built, table)
        < warehouse_entries(evolved.warehouse, table)
        <= delta
    )
    assert warehouse_entries(story.refreshed, table) == delta
    # Only landing knew the keys when the warehouse was gone.
    assert warehouse_entries(story.emptied, table) == delta
    assert landed_entries(story.house, table) == delta


def test_no_record_changes_its_person_silently(
    demonstrated: Demonstrated, evolved: Evolved, story: Story
) -> None:
    builds = (demonstrated.built, evolved.warehouse, story.warehouse_before, story.delta)
    moved = []
    for before, after in pairwise(builds):
        unexplained, explained = _moved(before, after)
        assert unexplained == []
        moved.append(explained)
    # A whole month moved nobody or some; the edits moved somebody on both days.
    assert moved[1]
    assert moved[2]
    for rebuilt in (story.refreshed, story.emptied):
        assert _moved(story.delta, rebuilt) == ([], 0)


def test_the_comparison_sees_a_record_that_moved(story: Story, tmp_path: Path) -> None:
    tampered = tmp_path / "tampered.duckdb"
    tampered.write_bytes(story.delta.read_bytes())
    person = story.edited.called.person_key
    with connect(tampered) as connection:
        connection.execute(
            "update library.lib_population__link_person_source set person_key ="
            f" {story.edited.renamed.person_key} where person_key = {person}"
            " and table_code = 'resident_record'"
        )
    unexplained, _ = _moved(story.delta, tampered)
    assert [row[-2:] for row in unexplained] == [(person, story.edited.renamed.person_key)]


def test_a_corrected_number_and_a_changed_name_keep_the_key(story: Story) -> None:
    edited = story.edited
    assert _key_of(story, "resident", edited.renamed.resident_no) == edited.renamed.person_key
    assert _key_of(story, "resident", edited.corrected.resident_no) == edited.corrected.person_key
    borne = dict(
        story.house.rows(
            "select identifier_number, is_replaced"
            " from library.lib_population__link_person_identifier"
            f" where person_key = {edited.corrected.person_key}"
        )
    )
    assert borne == {edited.corrected.number: True, edited.corrected_number: False}


def test_a_number_changed_without_a_word_splits_and_the_register_row_keeps_the_key(
    story: Story,
) -> None:
    edited = story.edited
    key = edited.renumbered.person_key
    assert _key_of(story, "resident", edited.renumbered.resident_no) == key
    others = set(
        story.house.column(
            "select person_key from library.lib_population__link_person_identifier"
            f" where identifier_number = {literal(edited.renumbered.number)}"
        )
    )
    assert len(others) == 1
    assert ("split", key, *others) in _events(story)


def test_a_second_bearer_of_a_number_is_another_person(story: Story) -> None:
    first = story.edited.shared
    second = _key_of(story, "resident", "zz-second")
    assert _key_of(story, "resident", first.resident_no) == first.person_key != second
    assert {first.person_key, second} == set(
        story.house.column(
            "select person_key from quality.dq_population__shared_number"
            f" where identifier_number = {literal(first.number)}"
        )
    )


def test_two_numbers_of_one_man_are_merged_into_the_elder_key(story: Story) -> None:
    with connect(story.warehouse_before, read_only=True) as connection:
        before = connection.execute(
            "select person_key from library.lib_population__entity_person"
            f" where resident_number in {TWICE_NUMBERED}"
        ).fetchall()
    keys = {key for (key,) in before}
    assert len(keys) == 2
    now = {_key_of(story, table, "zz-twice") for table in ("resident", "insured_person")}
    assert len(now) == 1
    assert now < keys
    assert ("merge", *(keys - now), *now) in _events(story)


def _events(story: Story) -> list[tuple[object, ...]]:
    return story.house.rows(
        "select operation_code, former_person_key, person_key"
        " from library.lib_population__event_identity"
    )


def _key_of(story: Story, table: str, source_key: str) -> int:
    return int(
        story.house.one(
            "select person_key from library.lib_population__link_person_source where"
            f" table_code = {literal(table)} and source_key = {literal(source_key)}"
        )
    )


def _moved(before: Path, after: Path) -> tuple[list[tuple[object, ...]], int]:
    """The records that have another person than before, or none any more, without a word; and how
    many have one by a row of the register or because what they say of him is something else now.
    """
    with connect() as connection:
        for name, path in (("before", before), ("after", after)):
            connection.execute(f"attach {literal(str(path))} as {name} (read_only)")
        rows = connection.execute(_MOVED).fetchall()
    return [row[1:] for row in rows if not row[0]], sum(bool(row[0]) for row in rows)


_MOVED = """
with recorded as (
    select max(entry_no) as entry_no from before.intermediate.int_population__identity_register
),

-- What happened to keys and anchors between the two builds.
entry as (
    select register.*
    from after.intermediate.int_population__identity_register as register
    cross join recorded
    where register.entry_no > recorded.entry_no
),

event as (
    select event.former_person_key, event.person_key
    from after.library.lib_population__event_identity as event
    cross join recorded
    where event.identity_event_no > recorded.entry_no
),

said as (
    select
        record.system_code, record.table_code, record.source_key, record.role_code,
        record.identity_number, record.name, record.birth_date, record.register_anchor,
        link.person_key
    from before.intermediate.int_population__person_record as record
    inner join before.library.lib_population__link_person_source as link
        using (system_code, table_code, source_key, role_code)
),

says as (
    select
        record.system_code, record.table_code, record.source_key, record.role_code,
        record.identity_number, record.name, record.birth_date, record.register_anchor,
        record.identity_anchor, reading.reading, link.person_key
    from after.intermediate.int_population__person_record as record
    left join after.library.lib_population__link_person_source as link
        using (system_code, table_code, source_key, role_code)
    left join after.intermediate.int_population__name_reading as reading
        on record.name = reading.name
)

select
    said.identity_number is distinct from says.identity_number
    or said.name is distinct from says.name
    or said.birth_date is distinct from says.birth_date
    or exists (
        select 1 from event
        where event.former_person_key = said.person_key and event.person_key = says.person_key
    )
    or exists (
        select 1 from entry
        where entry.key = says.person_key
            and entry.anchor in (
                says.identity_anchor, says.register_anchor,
                says.identity_anchor || '#' || says.reading
            )
    ) as is_explained,
    system_code, table_code, source_key, role_code, said.person_key, says.person_key
from said
inner join says using (system_code, table_code, source_key, role_code)
where said.person_key is distinct from says.person_key
order by all
"""
