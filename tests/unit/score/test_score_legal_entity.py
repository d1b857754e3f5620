"""The score of organisations: a right library is right throughout, each kind of miss is found."""

from collections.abc import Iterator

import duckdb
import pytest

from citybase.score.defect_legal_entity import score_legal_entity_defects
from citybase.score.legal_entity import score_legal_entity

pytestmark = pytest.mark.unit

# Company 1 has changed its name and representative, owns part of company 2, which succeeded 4;
# 3 is a branch of 1, 5 a branch of a company elsewhere, 9.
_CITY = """
create schema city_truth;
create schema legal_entity;
create table city_truth.organisation as from (values
    (1, '91', '1', 11, null::integer),
    (2, '91', '1', 12, null),
    (3, '91', '2', 11, 1),
    (4, '92', '4', 13, null),
    (5, '91', '1', 12, 9),
    (9, '91', '1', 13, null)
) as t(organisation_id, category_code, status_code, representative_person_id, head_organisation_id);
create table city_truth.organisation_name as from (values
    (1, 1, '旧名', date '2010-01-01', date '2015-01-01'),
    (1, 2, '新名', date '2015-01-01', null)
) as t(organisation_id, place, name, valid_from, valid_to);
create table city_truth.organisation_representative as from (values
    (1, 1, 13, date '2010-01-01', date '2016-01-01'),
    (1, 2, 11, date '2016-01-01', null)
) as t(organisation_id, place, person_id, valid_from, valid_to);
create table city_truth.record as
select *, true as is_landable from (values
    ('enterprise_register', 'enterprise', 'E1', 'self', null::integer, 1, '', true),
    ('enterprise_register', 'enterprise', 'E2', 'self', null, 2, '', true),
    ('enterprise_register', 'enterprise', 'E3', 'self', null, 3, '', true),
    ('enterprise_register', 'enterprise', 'E4', 'self', null, 4, '', true),
    ('enterprise_register', 'enterprise', 'E5', 'self', null, 5, '', true),
    ('tax_register', 'taxpayer', 'T1', 'self', null, 1, 'code_missing', false),
    ('tax_register', 'taxpayer', 'T2', 'self', null, 2, 'code_missing', false),
    ('enterprise_register', 'enterprise', 'E1', 'representative', 11, null, '', true),
    ('enterprise_register', 'enterprise', 'E2', 'representative', 12, null, '', true),
    ('enterprise_register', 'enterprise', 'E3', 'representative', 11, null, 'typo', false),
    ('enterprise_register', 'shareholder', 'S1', 'shareholder', 11, null, '', true),
    ('enterprise_register', 'shareholder', 'S2', 'shareholder', null, 1, '', true),
    ('enterprise_register', 'succession', 'C1', 'predecessor', null, 4, '', true),
    ('enterprise_register', 'succession', 'C1', 'successor', null, 2, '', true),
    -- what only refers to an organisation is no record of it
    ('enterprise_register', 'branch', 'E3', 'self', null, 3, '', true)
) as t(system_code, table_code, source_key, role_code, person_id, organisation_id, defects,
    has_valid_number);

create temp table key_person as from (values
    (111::bigint, 11), (112, 12), (113, 13)
) as t(person_key, person_id);
create temp table held_person as select person_id from key_person;
create schema quality;
create table quality.legal_entity__doubtful_identity as from (values
    ('tax_register', 'taxpayer', 'T1', 'missing'), ('tax_register', 'taxpayer', 'T2', 'missing')
) as t(system_code, table_code, source_key, reason_code);
create schema shared;
create table shared.code_division as
select '371302' as division_code, null::date as valid_to;
create table legal_entity.link_entity_source as from (values
    (201::bigint, 'enterprise_register', 'enterprise', 'E1'),
    (201, 'tax_register', 'taxpayer', 'T1'),
    (202, 'enterprise_register', 'enterprise', 'E2'),
    (202, 'tax_register', 'taxpayer', 'T2'),
    (203, 'enterprise_register', 'enterprise', 'E3'),
    (204, 'enterprise_register', 'enterprise', 'E4'),
    (205, 'enterprise_register', 'enterprise', 'E5')
) as t(entity_key, system_code, table_code, source_key);
create table legal_entity.entity_organisation as from (values
    (201::bigint, '1', null::bigint, 111::bigint),
    (202, '1', null, 112),
    (203, '2', 201, null),
    (204, '4', null, null),
    (205, '1', null, null)
) as t(entity_key, status_code, head_entity_key, representative_person_key);
create table legal_entity.link_entity_relation as from (values
    (202::bigint, 'successor_of', 204::bigint, 'C1'),
    (203, 'branch_of', 201, 'E3')
) as t(entity_key, relation_code, related_entity_key, source_key);
create table legal_entity.link_entity_representative as from (values
    (201::bigint, 113::bigint, date '2016-01-01'), (201, 111, null)
) as t(entity_key, person_key, valid_to);
create table legal_entity.link_entity_shareholder as from (values
    ('S1', 111::bigint, null::bigint, 'found'), ('S2', null, 201, 'code')
) as t(shareholder_no, holder_person_key, holder_entity_key, reference_grade_code);
create table legal_entity.link_entity_name as from (values
    (201::bigint, '旧名', null::date), (201, '新名', date '2015-01-01')
) as t(entity_key, name, valid_from);
"""
_TOTALS = {
    "entity_key": 5,
    "organisation_known": 5,
    "organisation_true": 5,
    "search_found": 2,
    "search": 2,
    "search_told": 2,
    "head_office": 2,
    "successor": 1,
    "representative": 2,
    "representative_term": 1,
    "former_representative": 1,
    "shareholder": 1,
    "shareholder_organisation": 1,
    "status": 5,
    "former_name": 1,
}


@pytest.fixture
def city() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(_CITY)
        yield connection


def test_a_right_library_is_right_about_everything(city: duckdb.DuckDBPyConnection) -> None:
    figures = score_legal_entity(city)
    assert {figure.code: figure.total for figure in figures} == _TOTALS
    assert {figure.code: figure.right for figure in figures} == _TOTALS
    assert all(figure.met and not figure.examples for figure in figures)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (
            "update legal_entity.link_entity_source set entity_key = 202 where source_key = 'T1'",
            {"search": (1, 2), "search_found": (1, 2)},
        ),
        (
            "delete from legal_entity.link_entity_source where source_key = 'T1'",
            {"search": (1, 1), "search_found": (1, 2)},
        ),
        (
            "delete from legal_entity.link_entity_source where source_key = 'T1';"
            " delete from quality.legal_entity__doubtful_identity where source_key = 'T1'",
            {"search": (1, 1), "search_found": (1, 2), "search_told": (1, 2)},
        ),
        (
            # a key of its own, beside the one its organisation has, and nobody is told
            "update legal_entity.link_entity_source set entity_key = 209 where source_key = 'T1';"
            " delete from quality.legal_entity__doubtful_identity where source_key = 'T1';"
            " insert into legal_entity.entity_organisation values (209, '1', null, null)",
            {
                "organisation_true": (5, 6),
                "search": (1, 1),
                "search_found": (1, 2),
                "search_told": (1, 2),
            },
        ),
        (
            "delete from legal_entity.link_entity_source where table_code = 'taxpayer'",
            {"search": (0, 0), "search_found": (0, 2)},
        ),
        (
            # a company that is not in the library has nothing right in it
            "delete from legal_entity.entity_organisation where entity_key = 204",
            {
                "organisation_known": (4, 5),
                "organisation_true": (4, 4),
                "successor": (1, 1),
                "status": (4, 5),
            },
        ),
        (
            "insert into legal_entity.entity_organisation values (209, '1', null, null)",
            {"organisation_true": (5, 6)},
        ),
        (
            "update legal_entity.entity_organisation set head_entity_key = 202"
            " where entity_key = 203",
            {"head_office": (1, 2)},
        ),
        (
            "update legal_entity.entity_organisation set head_entity_key = 202"
            " where entity_key = 205",
            {"head_office": (1, 2)},
        ),
        (
            "update legal_entity.link_entity_relation set related_entity_key = 201"
            " where source_key = 'C1'",
            {"successor": (0, 1)},
        ),
        ("delete from legal_entity.link_entity_relation", {"successor": (0, 1)}),
        (
            "update legal_entity.entity_organisation set representative_person_key = null"
            " where entity_key = 201",
            {"representative": (1, 2)},
        ),
        (
            # nobody is better than somebody else
            "update legal_entity.entity_organisation set representative_person_key = 112"
            " where entity_key = 203",
            {"representative": (2, 3)},
        ),
        (
            "delete from legal_entity.link_entity_representative where valid_to is not null",
            {"representative_term": (0, 1), "former_representative": (0, 0)},
        ),
        (
            "update legal_entity.link_entity_representative set person_key = 112"
            " where valid_to is not null",
            {"former_representative": (0, 1)},
        ),
        (
            "update legal_entity.link_entity_shareholder set holder_person_key = 112"
            " where shareholder_no = 'S1'",
            {"shareholder": (0, 1)},
        ),
        (
            "delete from legal_entity.link_entity_shareholder",
            {"shareholder": (0, 1), "shareholder_organisation": (0, 1)},
        ),
        (
            "update legal_entity.entity_organisation set status_code = '1' where entity_key = 204",
            {"status": (4, 5)},
        ),
        (
            "update legal_entity.link_entity_name set valid_from = date '2015-01-02'"
            " where valid_from is not null",
            {"former_name": (0, 1)},
        ),
    ],
)
def test_each_kind_of_miss_is_found(
    city: duckdb.DuckDBPyConnection, damage: str, expected: dict[str, tuple[int, int]]
) -> None:
    city.execute(damage)
    found = {figure.code: (figure.right, figure.total) for figure in score_legal_entity(city)}
    whole = {code: (total, total) for code, total in _TOTALS.items()}
    assert found == {**whole, **expected}


def test_an_alarm_is_false_when_the_record_bears_a_code(city: duckdb.DuckDBPyConnection) -> None:
    def alarms() -> tuple[int | None, int | None, tuple[str, ...]]:
        score_legal_entity(city)
        found = {d.defect: d for d in score_legal_entity_defects(city)}["code_missing"]
        return found.false, found.alarms, found.false_examples

    city.execute(
        "alter table city_truth.organisation add column name varchar;"
        " alter table legal_entity.entity_organisation add column name varchar;"
        " alter table legal_entity.entity_organisation add column division_code varchar"
    )
    assert alarms() == (0, 2, ())
    city.execute(
        "insert into quality.legal_entity__doubtful_identity values"
        " ('enterprise_register', 'enterprise', 'E1', 'missing')"
    )
    assert alarms() == (
        1,
        3,
        ("enterprise_register.enterprise E1…E1: shown as missing, is not",),
    )


def test_an_uncoded_record_is_caught_when_it_is_found_not_when_it_is_shown(
    city: duckdb.DuckDBPyConnection,
) -> None:
    city.execute(
        "alter table city_truth.organisation add column name varchar;"
        " alter table legal_entity.entity_organisation add column name varchar;"
        " alter table legal_entity.entity_organisation add column division_code varchar;"
        " delete from legal_entity.link_entity_source where source_key = 'T1'"
    )
    score_legal_entity(city)
    found = {d.defect: d for d in score_legal_entity_defects(city)}["code_missing"]
    assert (found.injected, found.caught, found.set_aside) == (2, 1, 1)
