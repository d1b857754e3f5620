"""Days of the departments' work: corrections, removals and arrivals in all technologies.

Every edit picks its row by what the libraries know of it, so that it can say which persons and
organisations it concerns, and nobody is concerned twice. Add an edit when a change of another kind
has to reach the libraries. Keep out: building, and what the libraries should say afterwards.
"""

from dataclasses import dataclass

from tests.pipeline.pipeline_house import House
from tests.pipeline.source_rows import delete_row, insert_row, resident_number, update_row

# After the last day the city has lived, so that what is written now is the newest.
_DAY = "2026-02-20"
_LATER = f"{_DAY} 10:00:00"
NEW_NAME = "更正名"
LAST_NAME = "二次更正"
NEW_PHONE = "13999990000"
NEW_ORGANISATION_NAME = "临沂市改名有限公司"
NEWBORN = resident_number("371302", "20251230", 987)
TWICE_NUMBERED = (
    resident_number("371302", "19700103", 985),
    resident_number("371302", "19700103", 983),
)
TWICE_NAME = "并号人"
SECOND_NAME = "重号者"


@dataclass(frozen=True)
class Subject:
    """A person whom an edit concerns: key, number and row of the household register."""

    person_key: int
    resident_no: str
    number: str
    name: str
    birth: str


@dataclass(frozen=True)
class Edited:
    """Whom the edits concern, by the kind of edit; one organisation and one licence."""

    renamed: Subject
    corrected: Subject
    corrected_number: str
    renumbered: Subject
    renumbered_number: str
    shared: Subject
    called: Subject
    deleted: int
    reported_dead: int
    organisation: int
    licence: int

    @property
    def persons(self) -> set[int]:
        """The persons known before whom an edit concerns."""
        people = (self.renamed, self.corrected, self.renumbered, self.shared, self.called)
        return {person.person_key for person in people} | {self.deleted, self.reported_dead}

    @property
    def arrived(self) -> tuple[str, ...]:
        """The numbers of those who were not known before, one bearer each."""
        return (NEWBORN, *TWICE_NUMBERED)


def edit_everywhere(house: House) -> Edited:
    """Edit rows of PostgreSQL, MariaDB and SQLite."""
    renamed, corrected, renumbered, shared, called = _residents(house)
    numbers = set(
        house.column("select identity_number from intermediate.int_population__person_record")
    )
    _rename(house, renamed, NEW_NAME, change_no="C-1")
    corrected_number = _unused_number(corrected.number, numbers)
    _correct_number(house, corrected, corrected_number)
    # A clerk writes another number without a word: nothing says that it is the same person.
    renumbered_number = _unused_number(renumbered.number, numbers | {corrected_number})
    _update_resident(house, renumbered, id_number=renumbered_number)
    # 重号: the police find a second bearer of a number.
    _insert_resident(house, "zz-second", shared.number, SECOND_NAME, shared.birth)
    _insert_resident(house, "zz-newborn", NEWBORN, "新生儿", "2025-12-30")
    # One man, known to two departments by two numbers.
    _insert_resident(house, "zz-twice", TWICE_NUMBERED[0], TWICE_NAME, "1970-01-03")
    insert_row(
        house,
        "social_security",
        "insured_person",
        person_no="zz-twice",
        id_number=TWICE_NUMBERED[1],
        name=TWICE_NAME,
        sex_code="1",
        birth_date="1970-01-03",
        updated_at=_LATER,
    )
    health_no = house.one(
        "select source_key from library.lib_population__link_person_source"
        f" where person_key = {called.person_key} and table_code = 'resident_record'"
    )
    update_row(
        house, "health_record", "resident_record", health_no, phone=NEW_PHONE, updated_at=_LATER
    )
    cremated, cremation_no = house.rows(
        """
        select person_key, min(source_key)
        from library.lib_population__link_person_source
        where system_code = 'civil_registry' and table_code = 'cremation' and basis_code = 'own'
        group by person_key
        having count(*) = 1
        order by person_key desc
        limit 1
        """
    )[0]
    update_row(house, "civil_registry", "cremation", cremation_no, updated_at=_LATER)
    organisation, enterprise_no = house.rows(
        """
        select entity_key, min(source_key)
        from library.lib_legal_entity__link_entity_source
        group by entity_key
        having count(*) = 1 and min(table_code) = 'enterprise'
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
        where system_code = 'market_licence' and computed_reason_code = 'valid'
            and identifier_grade_code = 'ok' and source_record_count = 1
        order by licence_key
        limit 1
        """
    )[0]
    update_row(house, "market_licence", "licence", record_no, state_code="02", updated_at=_LATER)
    return Edited(
        renamed=renamed,
        corrected=corrected,
        corrected_number=corrected_number,
        renumbered=renumbered,
        renumbered_number=renumbered_number,
        shared=shared,
        called=called,
        deleted=_delete_somebody(house),
        reported_dead=cremated,
        organisation=organisation,
        licence=licence,
    )


def edit_once_more(house: House, edited: Edited) -> None:
    """The day after: two more changes of names, and two numbers turn out to be one man's."""
    _rename(house, edited.renamed, LAST_NAME, change_no="C-2", former=NEW_NAME)
    _rename(house, edited.called, "二次更名", change_no="C-3")
    insert_row(
        house,
        "household_register",
        "number_correction",
        correction_no="zz-twice",
        resident_no="zz-twice",
        previous_number=TWICE_NUMBERED[1],
        id_number=TWICE_NUMBERED[0],
        name=TWICE_NAME,
        reason_code="2",
        corrected_date=_DAY,
        updated_at=_LATER,
    )


def _rename(
    house: House, person: Subject, name: str, *, change_no: str, former: str | None = None
) -> None:
    """A change of name as the police register it."""
    _update_resident(house, person, name=name)
    insert_row(
        house,
        "household_register",
        "name_change",
        change_no=change_no,
        resident_no=person.resident_no,
        id_number=person.number,
        former_name=former or person.name,
        name=name,
        changed_date=_DAY,
        updated_at=_LATER,
    )


def _correct_number(house: House, person: Subject, number: str) -> None:
    _update_resident(house, person, id_number=number)
    insert_row(
        house,
        "household_register",
        "number_correction",
        correction_no="zz-corrected",
        resident_no=person.resident_no,
        previous_number=person.number,
        id_number=number,
        name=person.name,
        reason_code="2",
        corrected_date=_DAY,
        updated_at=_LATER,
    )


def _update_resident(house: House, person: Subject, **values: str) -> None:
    update_row(
        house, "household_register", "resident", person.resident_no, updated_at=_LATER, **values
    )


def _insert_resident(house: House, resident_no: str, number: str, name: str, birth: str) -> None:
    insert_row(
        house,
        "household_register",
        "resident",
        resident_no=resident_no,
        id_number=number,
        name=name,
        sex_code="1" if int(number[16]) % 2 else "2",
        birth_date=birth,
        household_no=f"H-{resident_no}",
        status_code="1",
        updated_at=_LATER,
    )


def _residents(house: House) -> list[Subject]:
    """Five of the living whom the register, the social security and the health record know alike:
    every record names them by the same number and the same name.
    """
    return [
        Subject(*row)
        for row in house.rows(
            """
            select
                person.person_key,
                min(matched.source_key) filter (
                    where matched.system_code = 'household_register'
                    and matched.table_code = 'resident'
                ) as resident_no,
                min(person.resident_number),
                min(person.name),
                min(cast(person.birth_date as varchar))
            from intermediate.int_population__person_matched as matched
            inner join library.lib_population__entity_person as person
                on matched.person_key = person.person_key
            where not person.is_deceased
            group by person.person_key
            having count(*) filter (where matched.table_code = 'resident_record') = 1
                and count(*) filter (where matched.table_code = 'insured_person') = 1
                and count(*) filter (
                    where matched.system_code = 'household_register'
                    and matched.table_code = 'resident'
                ) = 1
                -- A move names the register's row beside the number: a number written anew without
                -- a word stays that row's older one.
                and count(*) filter (where matched.table_code = 'migration') = 0
                and bool_and(matched.verdict_code = 'own' and matched.basis_code = 'own')
                and count(distinct matched.name) = 1
                and count(distinct matched.identity_number) = 1
            order by person.person_key
            limit 5
            """
        )
    ]


def _delete_somebody(house: House) -> int:
    """Delete every row about the person of whom the fewest rows, all of PostgreSQL, speak."""
    person = house.one(
        """
        select person_key
        from library.lib_population__link_person_source
        group by person_key
        having bool_and(
            system_code || '.' || table_code in (
                'household_register.resident', 'household_register.migration',
                'social_security.insured_person', 'migrant_register.residence'
            )
            and basis_code = 'own'
        )
        order by count(*), person_key
        limit 1
        """
    )
    for system, table, key in house.rows(
        "select distinct system_code, table_code, source_key"
        f" from library.lib_population__link_person_source where person_key = {person}"
    ):
        delete_row(house, system, table, key)
    return int(person)


def _unused_number(number: str, taken: set[str]) -> str:
    """A valid number with the area, birth and sex of that one that nobody bears."""
    return next(
        found
        for sequence in range(1, 995)
        if (found := resident_number(number[:6], number[6:14], sequence)) not in taken
        and int(number[16]) % 2 == sequence % 2
    )
