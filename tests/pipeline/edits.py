"""One day's work of the departments: corrections, removals and arrivals in all three technologies.

Every edit picks its row by what the libraries know of it, so that it can say which persons and
organisations it concerns. Add an edit when a change of another kind has to reach the libraries.
Keep out: building, and what the libraries should say afterwards.
"""

from dataclasses import dataclass

from citybase.duck import literal
from tests.pipeline.pipeline_house import House
from tests.pipeline.source_rows import delete_row, insert_row, resident_number, update_row

_LATER = "2026-01-05 10:00:00"
NEW_NAME = "更正名"
NEW_PHONE = "13999990000"
NEW_ORGANISATION_NAME = "临沂市改名有限公司"
NEWBORN = resident_number("371302", "20251230", 987)


@dataclass(frozen=True)
class Edited:
    """What was edited: keys of persons and organisations by the kind of edit, and one licence."""

    renamed: int
    renumbered: int
    new_number: str
    deleted: int
    reported_dead: int
    called: int
    organisation: int
    licence: int

    @property
    def persons(self) -> set[int]:
        """The persons known before whom an edit concerns."""
        return {
            self.renamed,
            self.renumbered,
            self.deleted,
            self.reported_dead,
            self.called,
        }


def edit_everywhere(house: House) -> Edited:
    """Edit rows of PostgreSQL, SQLite and CSV; nobody is concerned twice."""
    renamed, renumbered, *_ = _residents(house, known_by=["social_security.insured_person"])
    (deleted, *_) = _residents(house, known_by=[])
    reported_dead = _keyed(house, "civil_registry", "cremation")
    called = _keyed(house, "health_record", "resident_record", unless_dead=True)
    update_row(
        house,
        "household_register",
        "resident",
        renamed[1],
        name=NEW_NAME,
        updated_at=_LATER,
    )
    new_number = _unused_number(house, renumbered[1])
    update_row(
        house,
        "household_register",
        "resident",
        renumbered[1],
        id_number=new_number,
        updated_at=_LATER,
    )
    delete_row(house, "household_register", "resident", deleted[1])
    insert_row(
        house,
        "household_register",
        "resident",
        resident_no="R-NEWBORN",
        id_number=NEWBORN,
        name="新生儿",
        sex_code="1",
        birth_date="2025-12-30",
        household_no="H-NEWBORN",
        status_code="1",
        updated_at=_LATER,
    )
    update_row(
        house,
        "civil_registry",
        "cremation",
        reported_dead[1],
        name="逝者更名",
        updated_at=_LATER,
    )
    update_row(
        house,
        "health_record",
        "resident_record",
        called[1],
        phone=NEW_PHONE,
        updated_at=_LATER,
    )
    organisation, enterprise_no = house.rows(
        """
        select entity_key, min(source_key)
        from library.lib_legal_entity__link_entity_source
        where table_code = 'enterprise'
        group by entity_key
        having count(*) = 1
        order by entity_key
        limit 1
        """
    )[0]
    update_row(
        house,
        "enterprise_register",
        "enterprise",
        enterprise_no,
        name=NEW_ORGANISATION_NAME,
        updated_at=_LATER,
    )
    licence, record_no = house.rows(
        """
        select licence_key, source_key
        from library.lib_licence__entity_licence
        where computed_reason_code = 'valid' and identifier_grade_code = 'ok'
        order by licence_key
        limit 1
        """
    )[0]
    update_row(house, "licence_issuing", "licence", record_no, state_code="02", updated_at=_LATER)
    return Edited(
        renamed=renamed[0],
        renumbered=renumbered[0],
        new_number=new_number,
        deleted=deleted[0],
        reported_dead=reported_dead[0],
        called=called[0],
        organisation=organisation,
        licence=licence,
    )


def rename_resident(house: House, person_key: int, name: str) -> None:
    """Correct one resident's name in the household register."""
    resident_no = house.one(
        "select min(source_key) from library.lib_population__link_person_source"
        f" where table_code = 'resident' and person_key = {person_key}"
    )
    update_row(house, "household_register", "resident", resident_no, name=name, updated_at=_LATER)


def _residents(house: House, *, known_by: list[str]) -> list[tuple[int, str]]:
    """Living persons with a resident number, one record in the household register, and otherwise
    exactly one record in each of the tables named: person key and resident_no.
    """
    tables = sorted(["household_register.resident", *known_by])
    return house.rows(
        f"""
        select person_key, min(source_key) filter (where table_code = 'resident')
        from library.lib_population__link_person_source
        inner join library.lib_population__entity_person as person using (person_key)
        where identity_basis_code = 'resident' and not is_deceased
        group by person_key
        having list_sort(list(system_code || '.' || table_code)) = {tables}
        order by person_key
        limit 5
        """
    )


def _keyed(house: House, system: str, table: str, *, unless_dead: bool = False) -> tuple[int, str]:
    """A person with exactly one record in that table, and none of those of `_residents`."""
    living = "and not is_deceased" if unless_dead else ""
    return house.rows(
        f"""
        select person_key, min(source_key)
        from library.lib_population__link_person_source
        inner join library.lib_population__entity_person as person using (person_key)
        where system_code = {literal(system)} and table_code = {literal(table)} {living}
        group by person_key
        having count(*) = 1
        order by person_key desc
        limit 1
        """
    )[0]


def _unused_number(house: House, resident_no: str) -> str:
    """A valid number with the area and birth of that resident that nobody bears."""
    number = house.one(
        "select identity_number from staging.stg_household_register__resident"
        f" where source_key = {literal(resident_no)}"
    )
    taken = set(
        house.column("select identity_number from intermediate.int_population__person_record")
    )
    return next(
        found
        for sequence in range(1, 999)
        if (found := resident_number(number[:6], number[6:14], sequence)) not in taken
        and int(number[16]) % 2 == sequence % 2
    )
