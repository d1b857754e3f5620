"""The score of people: a right library is right throughout, each miss and damage is found."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from citybase.errors import WarehouseError
from citybase.score import Figure, Score, score
from citybase.score.defect import DefectFigure
from citybase.score.defect_population import score_population_defects
from citybase.score.population import score_population

pytestmark = pytest.mark.unit

# Persons 4 and 5 share a number. H2 bears a mistyped number, H3 the number of person 1.
_CITY = """
create schema city_truth;
create table city_truth.person as select *, 'resident_number' as number_kind from (values
    (1, '372801196807120015', '王建国', '1', date '1968-07-12', '甲路1号', '13800000001'),
    (2, '371302199001010026', '李秀英', '2', date '1990-01-01', '甲路1号', '13800000002'),
    (3, '371302194001010037', '张德福', '1', date '1940-01-01', '乙路2号', null),
    (4, '371302197501010018', '周文华', '1', date '1975-01-01', '丙路3号', null),
    (5, '371302197501010018', '吴海涛', '1', date '1975-01-01', '丁路4号', null),
    (6, '371302195001010040', '郑秀兰', '2', date '1950-01-01', '戊路5号', null)
) as t(person_id, number, name, sex_code, birth_date, address, phone);
create table city_truth.number_shared as
select 0 as pair_no, 4 as first_person_id, 5 as second_person_id, '371302197501010018' as number,
    false as is_hidden;
create table city_truth.record as from (values
    ('household_register', 'resident', 'R1', 'self', 1, '', true, true),
    ('household_register', 'resident', 'R2', 'self', 2, '', true, true),
    ('household_register', 'resident', 'R3', 'self', 3, '', true, true),
    ('household_register', 'resident', 'R4', 'self', 4, 'number_shared', true, true),
    ('household_register', 'resident', 'R5', 'self', 5, 'number_shared', true, true),
    ('health_record', 'resident_record', 'H1', 'self', 1, 'phone_changed', true, true),
    ('health_record', 'resident_record', 'H2', 'self', 2, 'number_digit_typo', false, true),
    ('health_record', 'resident_record', 'H3', 'self', 2, 'number_of_another', false, true),
    ('health_record', 'resident_record', 'H4', 'self', 3, 'number_missing', false, true),
    ('health_record', 'resident_record', 'H5', 'self', 3, 'name_variant', true, true),
    -- nothing but a name
    ('health_record', 'birth_certificate', 'C1', 'mother', 2, 'number_missing', false, true),
    ('grid_junan', 'subsidy', 'B4', 'self', 3, 'number_missing', false, true),
    -- of somebody no other record names
    ('grid_junan', 'subsidy', 'B2', 'self', 6, 'number_missing', false, true),
    -- nobody can read it; nothing the library takes
    ('health_record', 'resident_record', 'H6', 'self', 3, 'line_short', true, false),
    ('subsidy_payment', 'payment', 'B1', 'self', 2, 'number_missing', false, true)
) as t(system_code, table_code, source_key, role_code, person_id, defects, has_valid_number,
    is_landable);

create schema population;
create schema quality;
create schema shared;
create table shared.code_division as
select '371302' as division_code, null::date as valid_to;
create table population.link_person_source as from (values
    (101::bigint, 'household_register', 'resident', 'R1', 'self', 'own'),
    (102, 'household_register', 'resident', 'R2', 'self', 'own'),
    (103, 'household_register', 'resident', 'R3', 'self', 'own'),
    (104, 'household_register', 'resident', 'R4', 'self', 'own'),
    (105, 'household_register', 'resident', 'R5', 'self', 'second'),
    (101, 'health_record', 'resident_record', 'H1', 'self', 'own'),
    (102, 'health_record', 'resident_record', 'H2', 'self', 'search'),
    (102, 'health_record', 'resident_record', 'H3', 'self', 'search'),
    (103, 'health_record', 'resident_record', 'H4', 'self', 'search'),
    (103, 'health_record', 'resident_record', 'H5', 'self', 'own'),
    (103, 'grid_junan', 'subsidy', 'B4', 'self', 'search')
) as t(person_key, system_code, table_code, source_key, role_code, basis_code);
create table population.entity_person as select t.*, truth.number as resident_number
from (values
    (101::bigint, '王建国', '1', date '1968-07-12', '甲路1号', '13800000001', '371302'),
    (102, '李秀英', '2', date '1990-01-01', '甲路1号', '13800000002', '371302'),
    (103, '张德福', '1', date '1940-01-01', '乙路2号', null, '371302'),
    (104, '周文华', '1', date '1975-01-01', '丙路3号', null, '371302'),
    (105, '吴海涛', '1', date '1975-01-01', '丁路4号', null, '371302')
) as t(person_key, name, sex_code, birth_date, address, phone, division_code)
inner join city_truth.person as truth on t.person_key = truth.person_id + 100;
create table quality.population__doubtful_identity as from (values
    ('health_record', 'resident_record', 'H2', 'self', 'number_damaged'),
    ('health_record', 'resident_record', 'H3', 'self', 'number_of_another'),
    ('health_record', 'resident_record', 'H4', 'self', 'number_missing'),
    ('grid_junan', 'subsidy', 'B2', 'self', 'number_missing'),
    ('health_record', 'birth_certificate', 'C1', 'mother', 'number_missing'),
    ('grid_junan', 'subsidy', 'B4', 'self', 'number_missing')
) as t(system_code, table_code, source_key, role_code, reason_code);
create table quality.population__shared_number as from (values
    (104::bigint, '371302197501010018'), (105, '371302197501010018')
) as t(person_key, identifier_number);
"""
_TOTALS = {
    "person_key": 7, "one_key": 5, "person_known": 5, "person_true": 5, "search_found": 4,
    "search": 4, "search_told": 6, "resident_number": 5, "name": 5, "sex": 5, "birth_date": 5,
    "address": 5,
}  # fmt: skip
_INJECTED = {
    "number_digit_typo": 1, "number_of_another": 1, "number_missing": 4, "name_variant": 1,
    "phone_changed": 1, "number_shared": 1,
}  # fmt: skip


@pytest.fixture
def city() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(_CITY)
    yield connection
    connection.close()


def lost(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Misses by figure and by kind of damage, and false alarms."""
    figures = score_population(connection)
    defects = score_population_defects(connection)
    return (
        {figure.code: figure.total - figure.right for figure in figures if not figure.met}
        | {defect.defect: defect.missed for defect in defects if defect.missed}
        | {f"false {defect.defect}": defect.false for defect in defects if defect.false}
    )


def test_a_right_library_is_right_about_everything(city: duckdb.DuckDBPyConnection) -> None:
    figures = score_population(city)
    assert {figure.code: figure.total for figure in figures} == _TOTALS
    assert {figure.code: figure.right for figure in figures} == _TOTALS
    defects = score_population_defects(city)
    assert {d.defect: d.injected for d in defects if d.injected} == _INJECTED
    assert {d.defect: d.caught for d in defects if d.injected} == _INJECTED
    assert all(defect.met and not defect.false for defect in defects)


@pytest.mark.parametrize(
    ("damage", "losses"),
    [
        pytest.param(
            "update population.link_person_source set person_key = 101 where source_key = 'R2'",
            {
                "person_key": 3,
                "one_key": 1,
                "person_known": 1,
                "search_found": 2,
                "search": 2,
                "resident_number": 1,
                "name": 1,
                "sex": 1,
                "birth_date": 1,
                "address": 1,
                "number_digit_typo": 1,
                "number_of_another": 1,
            },
            id="a record under another person's key",
        ),
        pytest.param(
            "update population.link_person_source set person_key = 109 where source_key = 'H1';"
            " insert into population.entity_person"
            " select 109, * exclude (person_key) from population.entity_person"
            " where person_key = 101",
            {"person_key": 2, "one_key": 1, "person_true": 1},
            id="a person split over two keys",
        ),
        pytest.param(
            "update population.link_person_source set person_key = 109, basis_code = 'second'"
            " where source_key = 'H4'",
            {"one_key": 1, "search_found": 1, "number_missing": 1},
            id="a second key made of a record without a number",
        ),
        pytest.param(
            "delete from population.link_person_source where source_key = 'H1'",
            {"person_key": 1, "phone_changed": 1},
            id="a record in no person",
        ),
        pytest.param(
            "update population.link_person_source set person_key = 101 where source_key = 'H3'",
            {"search_found": 1, "search": 1, "number_of_another": 1},
            id="the number of another makes it the other's record",
        ),
        pytest.param(
            "delete from quality.population__doubtful_identity where source_key = 'B2'",
            {"search_told": 1, "number_missing": 1},
            id="a record of an unknown person that nobody is shown",
        ),
        pytest.param(
            "insert into population.link_person_source values"
            " (101, 'health_record', 'birth_certificate', 'C1', 'mother', 'search')",
            {"search": 1, "number_missing": 1},
            id="a name alone leads to somebody",
        ),
        pytest.param(
            "delete from population.link_person_source where basis_code = 'search'",
            {"search_found": 4, "search": 0, "number_digit_typo": 1, "number_missing": 2},
            id="a search that finds nobody, though all are listed",
        ),
        pytest.param(
            "delete from population.link_person_source where table_code = 'resident_record'",
            {
                "person_key": 2,
                "search_found": 3,
                "number_digit_typo": 1,
                "number_missing": 1,
                "name_variant": 1,
                "phone_changed": 1,
            },
            id="a table that never arrives",
        ),
        pytest.param(
            "delete from population.entity_person where person_key = 105",
            {
                "person_known": 1,
                "resident_number": 1,
                "name": 1,
                "sex": 1,
                "birth_date": 1,
                "address": 1,
            },
            id="a person without a row",
        ),
        pytest.param(
            "insert into population.entity_person"
            " select 110, * exclude (person_key) from population.entity_person"
            " where person_key = 101",
            {"person_true": 1},
            id="a person nobody speaks of",
        ),
        pytest.param(
            "insert into quality.population__doubtful_identity values"
            " ('health_record', 'resident_record', 'H1', 'self', 'number_of_another')",
            {"false number_of_another": 1},
            id="a false alarm",
        ),
        pytest.param(
            "update quality.population__shared_number set identifier_number = '371302199001010026'",
            {"false number_shared": 1},
            id="a number that is not shared",
        ),
        pytest.param(
            "update population.link_person_source set person_key = 104 where source_key = 'R5'",
            {
                "person_key": 2,
                "person_known": 1,
                "person_true": 1,
                "resident_number": 1,
                "name": 1,
                "sex": 1,
                "birth_date": 1,
                "address": 1,
                "number_shared": 1,
            },
            id="a shared number not split",
        ),
        pytest.param(
            "update population.entity_person set name = '王建军' where person_key = 101",
            {"name": 1},
            id="a wrong name",
        ),
        pytest.param(
            "update population.entity_person set name = null where person_key = 103",
            {"name": 1, "name_variant": 1},
            id="no name",
        ),
        pytest.param(
            "update population.entity_person set resident_number = '371302199001010026'"
            " where person_key = 101",
            {"resident_number": 1},
            id="another person's number",
        ),
        pytest.param(
            "update population.entity_person set sex_code = '2' where person_key = 101",
            {"sex": 1},
            id="a wrong sex",
        ),
        pytest.param(
            "update population.entity_person set birth_date = date '1968-12-07'"
            " where person_key = 101",
            {"birth_date": 1},
            id="day and month swapped",
        ),
        pytest.param(
            "update population.entity_person set address = '戊路5号'",
            {"address": 5},
            id="stale addresses",
        ),
    ],
)
def test_a_miss_is_found_and_nothing_else(
    city: duckdb.DuckDBPyConnection, damage: str, losses: dict[str, int]
) -> None:
    city.execute(damage)
    assert lost(city) == losses


def test_what_was_set_aside_is_counted(city: duckdb.DuckDBPyConnection) -> None:
    def set_aside() -> dict[str, int]:
        return {d.defect: d.set_aside for d in score_population_defects(city) if d.set_aside}

    score_population(city)
    assert set_aside() == {"number_missing": 2}
    city.execute("delete from population.link_person_source where basis_code = 'search'")
    score_population(city)
    assert set_aside() == {"number_missing": 4, "number_digit_typo": 1, "number_of_another": 1}


def test_what_has_not_been_delivered_is_expected_of_nobody(
    city: duckdb.DuckDBPyConnection,
) -> None:
    """H1 has come since the last file, and H9 has gone of which 110 was made."""
    city.execute("delete from population.link_person_source where source_key = 'H1'")
    city.execute(
        "insert into population.link_person_source values"
        " (110, 'health_record', 'resident_record', 'H9', 'self', 'own')"
    )
    city.execute(
        "insert into population.entity_person"
        " select 110, * exclude (person_key) from population.entity_person where person_key = 101"
    )
    assert lost(city) == {"person_key": 1, "person_true": 1, "phone_changed": 1}
    city.execute(
        "create table city_truth.undelivered as from (values"
        " ('health_record', 'resident_record', 'H1'), ('health_record', 'resident_record', 'H9')"
        ") as t(system_code, table_code, source_key)"
    )
    assert lost(city) == {}


def test_examples_are_masked_and_at_most_five(city: duckdb.DuckDBPyConnection) -> None:
    city.execute("update population.entity_person set name = '赵' || person_key::varchar")
    city.execute(
        "update population.link_person_source set person_key = 104 where source_key = 'R5'"
    )
    figures = score_population(city)
    examples = [example for figure in figures for example in figure.examples]
    examples += [example for d in score_population_defects(city) for example in d.examples]
    text = " ".join(examples)
    assert text
    for secret in ("王建国", "372801196807120015", "1968-07-12", "赵101"):
        assert secret not in text
    assert all(len(figure.examples) <= 5 for figure in figures)


def test_a_figure_over_nothing_meets_no_goal() -> None:
    assert not Figure(library="population", code="name", right=0, total=0, goal=0.999).met


def test_a_missed_kind_of_damage_is_a_missed_score() -> None:
    right = Figure(library="population", code="name", right=1, total=1, goal=0.999)
    kind = DefectFigure(
        library="population", defect="padded", injected=99, caught=88, false=None, goal=0.99
    )
    assert Score(figures=(right,)).met
    assert not Score(figures=(right,), defects=(kind,)).met


def test_json_has_the_agreed_keys() -> None:
    right = Figure(library="population", code="name", right=3, total=4, goal=0.7)
    kind = DefectFigure(
        library="population", defect="padded", injected=4, caught=3, false=2, goal=None
    )
    assert Score(figures=(right,), defects=(kind,)).as_json() == {
        "population": {
            "name": {
                "right": 3,
                "total": 4,
                "share": 0.75,
                "goal": 0.7,
                "met": True,
                "verdict": "reached",
            }
        },
        "defects": {
            "population": {
                "padded": {
                    "injected": 4,
                    "caught": 3,
                    "missed": 1,
                    "set_aside": 0,
                    "false": 2,
                    "alarms": None,
                    "share": 0.75,
                    "goal": None,
                    "false_goal": None,
                    "met": True,
                    "verdict": "none",
                    "false_verdict": "none",
                }
            }
        },
    }


def test_a_real_city_has_no_truth(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(WarehouseError, match="no truth"):
        score(connection, tmp_path / "nowhere.duckdb", dt.date(2026, 1, 1))
