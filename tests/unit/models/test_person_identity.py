"""Whose record is it: the hard cases of the population, told as small stories.

A scratch project runs the product's own models of identity over records that are written down here,
and every story says who is one person and who is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest

from tests.unit.identifiers.standard import resident_check
from tests.unit.models.scratch import HOME, build, warehouse, written

pytestmark = pytest.mark.unit

MODELS = (
    "name_reading",
    "number_claim",
    "record_placed",
    "register_sought",
    "record_sought",
    "identity",
    "record_identified",
)
IDENTIFYING = ("system_code", "table_code", "source_key", "role_code", "identity_number")
IDENTIFYING += ("identity_kind_code", "identity_grade_code", "identity_anchor", "register_anchor")
HOUSEHOLD = ("former_name", "household_no", "household_relation_code", "resident_number")
STATED = ("name", "sex_code", "birth_date", "ethnicity_code", "division_code", "address", "phone")
STATED += ("education_code", "marital_status_code", "is_dead", "death_date", "source_at")
COLUMNS = IDENTIFYING + HOUSEHOLD + STATED


def number(birth: str, sequence: int, area: str = "371302") -> str:
    """A valid resident number."""
    stem = f"{area}{birth.replace('-', '')}{sequence:03d}"
    return stem + resident_check(stem)


@dataclass(frozen=True)
class Person:
    """Somebody of a story, as he really is."""

    name: str
    birth: str
    number: str
    phone: str
    sex: str = "1"
    household: str = ""
    address: str = ""
    division: str = "371302"


@dataclass
class Story:
    """Records by their label: `police`, `health` … and what was written in them."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def write(self, label: str, system: str, person: Person, **written: str) -> str:
        """One record of a system about a person; `written` is what it says otherwise."""
        table = written.pop("table", "resident" if system == "household_register" else "record")
        no = written.pop("number", person.number)
        anchor, grade = "", "missing" if not no else "checksum"
        if no and len(no) == 18 and resident_check(no[:17]) == no[17]:
            anchor, grade = f"resident:{no[:17]}", "ok"
        elif no[:1] in ("H", "M"):
            anchor, grade = f"permit:{no}", "ok"
        row = {
            "system_code": system,
            "table_code": table,
            "source_key": label,
            "role_code": written.pop("role", "self"),
            "identity_number": no,
            "identity_kind_code": "permit" if no[:1] in ("H", "M") else "resident" if no else "",
            "identity_grade_code": grade,
            "identity_anchor": anchor,
            "name": person.name,
            "sex_code": person.sex,
            "birth_date": person.birth,
            "division_code": person.division,
            "address": person.address,
            "phone": person.phone,
            "source_at": "2025-06-01 10:00:00",
        }
        if system == "household_register":
            row["register_anchor"] = "register:" + written.pop("row", label)
            row["household_no"] = person.household
        row.update(written)
        self.rows.append(row)
        return label


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str | None, str]]:
    """Identity and basis of every record of every story, by label."""
    folder = tmp_path_factory.mktemp("scratch_identity")
    files: dict[str, str | Path] = {
        f"models/int_population__{name}.sql": HOME
        / f"models/intermediate/population/int_population__{name}.sql"
        for name in MODELS
    }
    for seed in ("code_character", "identity_evidence"):
        files[f"seeds/{seed}.csv"] = HOME / f"seeds/code/{seed}.csv"
    rows = stories()
    record = written(folder / "record.csv", rows, COLUMNS)
    types = {
        column: "date"
        if column.endswith("_date")
        else "timestamp"
        if column == "source_at"
        else "boolean"
        if column == "is_dead"
        else "varchar"
        for column in COLUMNS
    }
    casts = ", ".join(f"cast(nullif({c}, '') as {t}) as {c}" for c, t in types.items())
    files["models/int_population__person_record.sql"] = (
        f"select {casts} from read_csv('{record}', all_varchar = true, header = true)"
    )
    build(folder, files)
    with duckdb.connect(str(warehouse(folder))) as duck:
        found = duck.execute(
            "select source_key, identity, basis_code from int_population__record_identified"
            " where role_code <> 'linked'"
        ).fetchall()
    return {label: (identity, basis) for label, identity, basis in found}


def stories() -> list[dict[str, str]]:
    """Every story's records."""
    story = Story()
    of_numbers(story.write)
    of_register(story.write)
    of_misplaced_numbers(story.write)
    of_changed_names(story.write)
    of_second_bearers(story.write)
    of_searches(story.write)
    of_cards(story.write)
    return story.rows


def of_numbers(write: Callable[..., str]) -> None:
    """Damaged numbers, and numbers of somebody else."""
    # A crowd of namesakes, so that a name alone proves nothing.
    for place in range(40):
        birth = f"19{60 + place % 30:02d}-0{1 + place % 9}-1{place % 9}"
        someone = Person("李伟", birth, number(birth, 101 + place * 2), f"1350000{place:04d}")
        write(f"crowd {place}", "household_register", someone)

    plain = Person("王建国", "1968-07-12", number("1968-07-12", 11), "13800000001", household="h1")
    write("plain police", "household_register", plain)
    write("plain variant", "health", replace(plain, name="王建國"))
    write("plain homophone", "social", replace(plain, name="王健国"))
    write("plain typo", "medical", plain, number=plain.number[:9] + "1" + plain.number[10:])
    swapped = plain.number[:14] + plain.number[15] + plain.number[14] + plain.number[16:]
    write("plain transposed", "fund", plain, number=swapped, birth_date="")
    write("plain no number", "county", plain, number="", phone="")

    # The wife's number on the husband's record, with and without a birth date.
    wife = Person("赵秀英", "1970-02-03", number("1970-02-03", 22), "13800000002", "2", "h1")
    write("wife police", "household_register", wife)
    write("wife health", "health", wife)
    write("husband under her number", "social", plain, number=wife.number)
    write("husband under her number, no birth", "fund", plain, number=wife.number, birth_date="")

    # Twins: one's number on the other's record.
    elder = Person("孙明轩", "2012-05-05", number("2012-05-05", 31), "", household="h2")
    younger = Person("孙明浩", "2012-05-05", number("2012-05-05", 33), "", household="h2")
    write("elder police", "household_register", elder)
    write("younger police", "household_register", younger)
    write("younger under elder's number", "school", younger, number=elder.number)

    # A death under a number that others know by another name.
    write(
        "death of another",
        "health",
        Person("刘长顺", "1941-01-01", plain.number, ""),
        table="death_certificate",
        is_dead="true",
    )


def of_register(write: Callable[..., str]) -> None:
    """Numbers given twice, corrected numbers, changed names."""
    # One number given to two, both in the register.
    shared = number("1975-03-03", 55)
    first = Person("周文华", "1975-03-03", shared, "13900000001", household="h3", division="371321")
    second = Person(
        "吴海燕", "1975-03-03", shared, "13900000002", household="h4", division="371325"
    )
    write("shared first police", "household_register", first)
    write("shared second police", "household_register", second)
    write("shared first social", "social", first)
    write("shared second social", "social", second)
    write("shared second fund", "fund", second, birth_date="", phone="13900000002")

    # One number given to two; the police have given one of them another.
    split = number("1977-07-07", 58)
    keeps = Person("秦立新", "1977-07-07", split, "13900000011", household="h8", division="371321")
    given = Person("尤国栋", "1977-07-07", number("1977-07-07", 59), "13900000012", household="h9")
    write("keeps police", "household_register", keeps)
    write("given police", "household_register", given)
    correction = {"table": "number_correction", "row": "given police", "birth_date": ""}
    write("given before", "household_register", given, number=split, role="previous", **correction)
    write("given fund", "fund", given, number=split, birth_date="", phone="")

    # One number given to two, one of them not in the register.
    half = number("1980-04-04", 56)
    known = Person("郑成功", "1980-04-04", half, "13900000003", household="h5")
    unknown = Person("冯晓东", "1980-04-04", half, "13900000004")
    write("half known police", "household_register", known)
    write("half unknown social", "social", unknown)
    write("half unknown health", "health", unknown)

    # The register itself wrote a wrong number; everybody else knows the right one.
    misprinted = Person(
        "褚云飞", "1991-09-09", number("1991-09-09", 71), "13900000005", household="h6"
    )
    write(
        "misprinted police",
        "household_register",
        misprinted,
        number=misprinted.number[:12] + "1" + misprinted.number[13:],
    )
    write("misprinted social", "social", misprinted)
    write("misprinted health", "health", misprinted)

    # The police corrected a number: old records stay his.
    new = number("1988-08-18", 91)
    old = number("1988-08-08", 91)
    corrected = Person("卫家宝", "1988-08-18", new, "13900000006")
    write("corrected police", "household_register", corrected)
    write(
        "corrected now",
        "household_register",
        corrected,
        table="number_correction",
        row="corrected police",
        birth_date="",
    )
    write(
        "corrected before",
        "household_register",
        corrected,
        table="number_correction",
        row="corrected police",
        number=old,
        role="previous",
        birth_date="",
    )
    write("corrected social", "social", corrected, number=old, birth_date="1988-08-08")

    # A changed name.
    renamed = Person("蒋思远", "1995-01-05", number("1995-01-05", 13), "13900000007")
    write("renamed police", "household_register", renamed)
    write(
        "renamed change",
        "household_register",
        renamed,
        table="name_change",
        row="renamed police",
        former_name="蒋大牛",
        birth_date="",
    )
    write("renamed social", "social", renamed, name="蒋大牛")


def of_misplaced_numbers(write: Callable[..., str]) -> None:
    """Rows of the register that bear somebody else's number."""
    # The number is of a migrant nobody registers; the row's own birthday is not in it.
    migrant = Person("于鹏飞", "1993-10-15", number("1993-10-15", 113), "13900000021")
    for system in ("social", "medical", "health"):
        write(f"migrant {system}", system, migrant)
    child = Person(
        "王可敏", "2018-05-20", number("2018-05-20", 114), "13900000022", household="h21"
    )
    write("child police", "household_register", child, number=migrant.number)
    write("child school", "school", child)
    write("child health", "health", child)

    # The number is of a son whose own row is mistyped; all others know both by their numbers.
    son = Person("杜一磊", "2008-11-06", number("2008-11-06", 87), "13900000023", household="h22")
    mother = Person("樊晨佳", "1984-02-10", number("1984-02-10", 394), "13900000024", "2", "h22")
    mistyped = son.number[:16] + str((int(son.number[16]) + 2) % 10) + son.number[17]
    write("son police", "household_register", son, number=mistyped)
    write("mother police", "household_register", mother, number=son.number)
    for system in ("social", "medical", "health"):
        write(f"son {system}", system, son)
        write(f"mother {system}", system, mother)

    # The same, and nobody else bears the number: only the birthday in it is not hers.
    lonely = Person("谷雨晴", "1986-03-17", number("1986-03-17", 122), "13900000025", "2", "h23")
    write("lonely police", "household_register", lonely, number=number("2008-12-24", 124))
    write("lonely social", "social", lonely)
    write("lonely health", "health", lonely)

    # A number with another birthday than its bearer's, and no better one anywhere: it stays his.
    odd = Person("柏长青", "1972-01-30", number("1972-11-03", 125), "13900000026", household="h24")
    write("odd police", "household_register", odd)
    write("odd social", "social", odd)


def of_changed_names(write: Callable[..., str]) -> None:
    """Names before a change that the police here never heard of, or know by the number alone."""
    migrant = Person("陶悦若", "1980-12-20", number("1980-12-20", 40, "320106"), "13900000031", "2")
    for system in ("migrants", "medical", "school"):
        write(f"migrant {system} now", system, migrant)
    write("migrant health before", "health", migrant, name="陶语静")
    write("migrant marriage before", "civil", migrant, name="陶语静")

    # Slips of two syllables under the right surname, number and birthday.
    sea = Person("贺雪雪", "1970-10-12", number("1970-10-12", 389), "13900000034", household="h31")
    write("slip police", "household_register", sea)
    write("slip once", "medical", sea, name="贺雨雨", phone="")
    # Of that birthday there is somebody whose name reads like a slip of hers.
    alike = Person(
        "王思语", "1991-09-14", number("1991-09-14", 436), "13900000035", household="h32"
    )
    slipped = Person(
        "汪思雪", "1991-09-14", number("1991-09-14", 92), "13900000036", household="h33"
    )
    write("alike police", "household_register", alike)
    write("alike medical", "medical", alike)
    write("slipped police", "household_register", slipped)
    write("slipped county", "county", slipped, name="汪斯雨", phone="")
    # 长 reads chang in names: one syllable off, though nothing says the birthday.
    polyphone = Person("杨海长", "1970-09-19", number("1970-09-19", 745), "13900000037")
    write("polyphone police", "household_register", polyphone)
    write("polyphone fund", "fund", polyphone, name="杨诲常", birth_date="", phone="")

    # Another surname: two people, as nobody keeps his given name for himself alone.
    other = Person("石兰芝", "1980-12-20", migrant.number, "13900000032", "2")
    write("other surname social", "social", other)
    write("other surname fund", "fund", other)

    # The police's file of names bears the number; the row of the register bears a damaged one.
    renamed = Person("马凯健", "1989-08-15", number("1989-08-15", 621), "13900000033")
    typo = renamed.number[:9] + str((int(renamed.number[9]) + 3) % 10) + renamed.number[10:]
    write("renamed typo police", "household_register", renamed, number=typo)
    change = {"table": "name_change", "row": "renamed typo police", "birth_date": ""}
    write("renamed typo change", "household_register", renamed, former_name="马豪杰", **change)
    write("renamed typo social", "social", renamed)
    write("renamed typo marriage", "civil", renamed, name="马豪杰", birth_date="", phone="")


def of_second_bearers(write: Callable[..., str]) -> None:
    """Two bearers of one number, whose records have other damage besides."""
    day = "1969-06-16"
    shared = number(day, 141)
    first = Person("洪大海", day, shared, "13900000041", household="h41", division="371321")
    second = Person("路小川", day, shared, "13900000042", household="h42", division="371325")
    stranger = Person("夏雨荷", "1990-02-02", number("1990-02-02", 142), "13900000043", "2")
    write("stranger police", "household_register", stranger)
    for label, person in (("first", first), ("second", second)):
        write(f"burdened {label} police", "household_register", person)
        write(f"burdened {label} social", "social", person)
        write(f"burdened {label} medical", "medical", person)
    # One wrong birthday, and once a stranger's number.
    write("burdened second health", "health", second, birth_date="1969-03-08")
    write("burdened second fund", "fund", second, number=stranger.number)
    # Somebody else of that name and birthday, with his own row in the register.
    namesake = replace(second, number=number(day, 145), phone="13900000044", household="h43")
    write("namesake police", "household_register", namesake)
    write("namesake social", "social", namesake)


def of_cards(write: Callable[..., str]) -> None:
    """Permits to travel and to reside that name each other."""
    for label, name, no, residence in (
        ("card", "何永利", "M12345678", number("1979-12-20", 17, "820000")),
        ("misread card", "欧阳静", "H87654321", number("1979-12-20", 18, "810000")),
    ):
        traveller = Person(name, "1979-12-20", no, "13900000008")
        write(f"{label} travel", "social", traveller)
        write(f"{label} residence", "health", traveller, number=residence)
        # The clerk of the second took the number of the next in the queue.
        queue = Person(
            "米兰", "1988-02-29", number("1988-02-29", 19), "13900000051", household="h51"
        )
        write(f"{label} queue police", "household_register", queue)
        write(f"{label} queue health", "health", queue)
        written = queue.number if label == "misread card" else residence
        permit = {"table": "permit"}
        write(f"{label} permit", "permit_register", traveller, number=written, **permit)
        write(f"{label} permit", "permit_register", traveller, role="linked", **permit)


def of_searches(write: Callable[..., str]) -> None:
    """Records without a number."""
    # Nobody can be found: no number, a namesake of many, no birthday.
    write("nobody", "county", Person("李伟", "", "", "13712345678"), number="", division_code="")
    # Same name, same birthday, two people: a record without number that fits both.
    day = "1985-05-05"
    for sequence in (201, 203):
        both = Person("李伟", day, number(day, sequence), f"1360000{sequence}0")
        write(f"both {sequence}", "household_register", both)
    write("either of both", "county", Person("李伟", day, "", ""), number="")
    write("the one with the phone", "county", Person("李伟", day, "", "13600002030"), number="")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plain police", "plain variant"),
        ("plain police", "plain homophone"),
        ("plain police", "plain typo"),
        ("plain police", "plain transposed"),
        ("plain police", "plain no number"),
        ("plain police", "husband under her number"),
        ("plain police", "husband under her number, no birth"),
        ("wife police", "wife health"),
        ("younger police", "younger under elder's number"),
        ("shared first police", "shared first social"),
        ("shared second police", "shared second social"),
        ("shared second police", "shared second fund"),
        ("half unknown social", "half unknown health"),
        ("given police", "given fund"),
        ("given police", "given before"),
        ("misprinted police", "misprinted social"),
        ("misprinted social", "misprinted health"),
        ("corrected police", "corrected social"),
        ("corrected police", "corrected before"),
        ("renamed police", "renamed social"),
        ("card travel", "card residence"),
        ("misread card queue police", "misread card queue health"),
        ("both 203", "the one with the phone"),
        ("migrant social", "migrant health"),
        ("child police", "child school"),
        ("son police", "son social"),
        ("mother police", "mother social"),
        ("lonely police", "lonely social"),
        ("odd police", "odd social"),
        ("migrant medical now", "migrant health before"),
        ("migrant medical now", "migrant marriage before"),
        ("other surname social", "other surname fund"),
        ("renamed typo social", "renamed typo marriage"),
        ("renamed typo social", "renamed typo police"),
        ("slip police", "slip once"),
        ("slipped police", "slipped county"),
        ("polyphone police", "polyphone fund"),
        ("burdened second police", "burdened second social"),
        ("burdened second police", "burdened second health"),
        ("burdened first police", "burdened first social"),
    ],
)
def test_one_person(identities: dict[str, tuple[str | None, str]], one: str, other: str) -> None:
    assert identities[one][0] is not None
    assert identities[one][0] == identities[other][0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plain police", "wife police"),
        ("elder police", "younger police"),
        ("shared first police", "shared second police"),
        ("half known police", "half unknown social"),
        ("both 201", "both 203"),
        ("keeps police", "given police"),
        ("plain police", "death of another"),
        ("crowd 0", "crowd 30"),
        ("migrant social", "child police"),
        ("misread card travel", "misread card queue police"),
        ("slipped police", "alike police"),
        ("son police", "mother police"),
        ("migrant medical now", "other surname social"),
        ("burdened first police", "burdened second police"),
        ("burdened second police", "namesake police"),
        ("burdened second fund", "stranger police"),
    ],
)
def test_two_people(identities: dict[str, tuple[str | None, str]], one: str, other: str) -> None:
    assert identities[one][0] != identities[other][0]


@pytest.mark.parametrize("label", ["nobody", "either of both", "death of another"])
def test_nobody_is_guessed(identities: dict[str, tuple[str | None, str]], label: str) -> None:
    assert identities[label] == (None, "none")
