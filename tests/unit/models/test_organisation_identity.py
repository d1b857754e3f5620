"""Whose record is it: the hard cases of organisations, told as small stories.

A scratch project runs the product's own models of identity over records that are written down here,
and every story says which records are one organisation and which are not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest

from tests.unit.identifiers.standard import organisation_check, registration_check, uscc_check
from tests.unit.models.scratch import HOME, build, warehouse, written

pytestmark = pytest.mark.unit

MODELS = ("record_placed", "number_identity", "record_sought", "identity", "record_identified")
WRITTEN = (
    "uscc_number",
    "organisation_number",
    "registration_no",
    "name",
    "division_code",
    "address",
    "phone",
    "representative_number",
)
COLUMNS = ("system_code", "table_code", "source_key", "register_anchor", *WRITTEN)
REGISTERS = ("enterprise_register", "union_register")

_RECORD = """
with written as (
    select * from read_csv('{path}', all_varchar = true, header = true)
),

cleaned as (
    select
        system_code,
        table_code,
        source_key,
        {columns}
    from written
),

identified as (
    {{{{ organisation_identity('cleaned') }}}}
)

select *, {{{{ organisation_name_key('name') }}}} as name_key from identified
"""


def credit_code(body: str, *, pair: str = "91", division: str = "371302") -> str:
    """A valid credit code around the eight characters of an organisation code."""
    stem = pair + division + body + organisation_check(body)
    return stem + uscc_check(stem)


def registration(stem: str) -> str:
    """A valid registration number of fifteen digits."""
    return stem + registration_check(stem)


@dataclass(frozen=True)
class Organisation:
    """Somebody of a story, as he really is."""

    name: str
    body: str
    registration: str = ""
    division: str = "371302"
    address: str = ""
    phone: str = ""
    representative: str = ""

    @property
    def uscc(self) -> str:
        """The credit code."""
        return credit_code(self.body)

    @property
    def code(self) -> str:
        """The organisation code."""
        return self.body + organisation_check(self.body)


@dataclass
class Story:
    """Records by their label, and what was written in them."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def write(self, label: str, system: str, about: Organisation, **written: str) -> None:
        """One record: it bears the credit code unless `written` says otherwise."""
        row = {
            "system_code": system,
            "table_code": "unit",
            "source_key": label,
            "register_anchor": f"source:{system}.unit:{label}" if system in REGISTERS else "",
            "uscc_number": about.uscc,
            "name": about.name,
            "division_code": about.division,
            "address": about.address,
            "phone": about.phone,
            "representative_number": about.representative,
        }
        if system == "enterprise_register":
            row["register_anchor"] = f"source:enterprise_register.enterprise:{label}"
        self.rows.append({**row, **written})


PLAIN = Organisation(
    "临沂市金宇商贸有限公司", "MA3ABCD1", registration("37130220001234"),
    address="沂蒙路1号", phone="0539-1111111", representative="371302197001010011",
)  # fmt: skip
OTHER = Organisation(
    "临沂市恒中化工有限公司", "MA3ABCD2", registration("37130220005678"),
    address="银雀山路2号", phone="0539-2222222", representative="371302198002020022",
)  # fmt: skip
TWIN_A = Organisation("兰山区早餐店", "MA3ABCD3", address="甲街1号", phone="0539-3333333")
TWIN_B = Organisation("兰山区早餐店", "MA3ABCD4", address="乙街2号", phone="0539-4444444")
OLD = Organisation("临沂市纺织厂", "26700001", registration("37130220009999"))
NEW = Organisation("临沂纺织有限公司", "MA3ABCD5")
SHOP = Organisation("兰山区五金店", "L0000001")
FIRM = Organisation("临沂五金有限公司", "MA3ABCD6")
LISTED = Organisation("兰山区理发店", "MA3ABCD8", address="丙街3号", phone="0539-5555555")
KIOSK = Organisation("兰山区报亭", "L0000009", division="371302")
STALL = Organisation("兰山区水果摊", "L0000010", division="371302")
UNION = Organisation("临沂恒中化工工会委员会", "ME1ABCD7", address="银雀山路2号")


def of_codes(write: Callable[..., None]) -> None:
    """What a record's own codes decide."""
    write("plain", "enterprise_register", PLAIN, organisation_number=PLAIN.code,
          registration_no=PLAIN.registration)  # fmt: skip
    write("other", "enterprise_register", OTHER)
    write("name written otherwise", "tax", PLAIN, name="山东临沂金宇商贸 有限责任公司")
    write("organisation code", "social", PLAIN, uscc_number="", organisation_number=PLAIN.code)
    write("registration number", "county", PLAIN, uscc_number="",
          registration_no=PLAIN.registration)  # fmt: skip
    write("division of another county", "school", PLAIN,
          uscc_number=credit_code(PLAIN.body, division="371321"))  # fmt: skip
    # One system against another, and the wrong code is the smaller text.
    write("kiosk where it is", "county", KIOSK)
    write("kiosk elsewhere", "tax", KIOSK,
          uscc_number=credit_code(KIOSK.body, division="371301"))  # fmt: skip
    # The register's own row says that its code is another county's.
    write("stall where it is", "county", STALL)
    write("stall as registered", "enterprise_register", STALL,
          uscc_number=credit_code(STALL.body, division="371321"))  # fmt: skip
    write("codes at odds", "court", PLAIN, organisation_number=OTHER.code)
    write("credit code of another", "court", OTHER, uscc_number=PLAIN.uscc,
          organisation_number=OTHER.code)  # fmt: skip
    typo = PLAIN.uscc[:9] + "7" + PLAIN.uscc[10:]
    write("typo beside a code", "social", PLAIN, uscc_number=typo, organisation_number=PLAIN.code,
          name="别的名字", phone="", representative_number="")  # fmt: skip
    contested = registration("37130220004321")
    write("number of one", "social", TWIN_A, registration_no=contested)
    write("number of two", "social", TWIN_B, registration_no=contested)
    write("number of both", "county", TWIN_A, uscc_number="", registration_no=contested,
          name="又一家", phone="", address="")  # fmt: skip


def of_searches(write: Callable[..., None]) -> None:
    """Records that no code decides."""
    bare = replace(PLAIN, address="", phone="", representative="")
    typo = PLAIN.uscc[:11] + ("7" if PLAIN.uscc[11] != "7" else "1") + PLAIN.uscc[12:]
    write("typo and name", "tax", bare, uscc_number=typo)
    write(
        "typo and representative", "tax", PLAIN, uscc_number=typo, name="新名字有限公司", phone=""
    )
    write("typo alone", "tax", bare, uscc_number=typo, name="毫不相干有限公司")
    write("name alone", "court", bare, uscc_number="")
    write("name and telephone", "court", replace(bare, phone=PLAIN.phone), uscc_number="")
    write("name, telephone, another county", "court",
          replace(bare, phone=PLAIN.phone, division="371321"), uscc_number="")  # fmt: skip
    write("former name and address", "court", PLAIN, uscc_number="", name="临沂老字号商贸有限公司",
          phone="", representative_number="")  # fmt: skip
    write("thirteen digits", "social", replace(bare, address=PLAIN.address), uscc_number="",
          registration_no="3713021234567")  # fmt: skip
    write("twin a", "enterprise_register", TWIN_A)
    write("twin b", "enterprise_register", TWIN_B)
    write("telephone of b", "county", TWIN_B, uscc_number="", address="")
    write("facts of both", "county", replace(TWIN_A, phone=TWIN_B.phone), uscc_number="")
    write("row with a code", "enterprise_register", LISTED)
    write("row without a code", "enterprise_register", LISTED, uscc_number="")
    write("union without a code", "union_register", UNION, uscc_number="")
    write("union at statistics", "statistics", UNION)
    write("old works", "enterprise_register", OLD, uscc_number="", organisation_number=OLD.code)
    write("new works", "enterprise_register", NEW)
    write("old shop", "enterprise_register", SHOP)
    write("new firm", "enterprise_register", FIRM)


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[str | None, str, str, str | None]]:
    """Identity, basis, verdict and accepted credit code of every record, by label."""
    folder = tmp_path_factory.mktemp("scratch_organisation")
    files: dict[str, str | Path] = {
        f"models/int_legal_entity__{name}.sql": HOME
        / f"models/intermediate/legal_entity/int_legal_entity__{name}.sql"
        for name in MODELS
    }
    story = Story()
    of_codes(story.write)
    of_searches(story.write)
    record = written(folder / "record.csv", story.rows, COLUMNS)
    cleaned = [f"nullif({c}, '') as {c}" for c in ("register_anchor", *WRITTEN)]
    files["models/int_legal_entity__organisation_record.sql"] = _RECORD.format(
        path=record, columns=",\n        ".join(cleaned)
    )
    # a key stands for the identity the register would give it to
    files["models/int_legal_entity__entity_key.sql"] = (
        "select *, identity as entity_key from {{ ref('int_legal_entity__identity') }}"
    )
    files["models/stg_enterprise_register__change.sql"] = (
        "select 'plain' as enterprise_no, '01' as item_code,"
        " '临沂老字号商贸有限公司' as value_before"
    )
    files["models/stg_enterprise_register__succession.sql"] = (
        "select * from (values"
        f" ('5', 'old works', null, null, '{NEW.code}'), ('4', null, '{SHOP.code}', null,"
        f" '{FIRM.code}')) as t(succession_kind_code, predecessor_enterprise_no,"
        " predecessor_organisation_code, predecessor_registration_number,"
        " successor_organisation_code)"
    )
    # this city's authority gives a converted enterprise a new code and no new existence
    seed = (HOME / "seeds/code/code_succession_kind.csv").read_text(encoding="utf-8")
    assert "\n5,改制,false," in seed
    files["seeds/code_succession_kind.csv"] = seed.replace("\n5,改制,false,", "\n5,改制,true,")
    build(folder, files, settings="seeds: {+column_types: {kind_code: varchar}}\n")
    with duckdb.connect(str(warehouse(folder))) as duck:
        rows = duck.execute(
            "select source_key, entity_key, basis_code, verdict_code, uscc"
            " from int_legal_entity__record_identified"
        ).fetchall()
    assert len(rows) == len(story.rows)
    return {str(row[0]): row[1:] for row in rows}


Found = dict[str, tuple[str | None, str, str, str | None]]


@pytest.mark.parametrize(
    ("label", "basis", "verdict"),
    [
        ("name written otherwise", "organisation", "own"),
        ("organisation code", "organisation", "own"),
        ("registration number", "registration", "own"),
        ("division of another county", "organisation", "division_wrong"),
        ("codes at odds", "organisation", "codes_disagree"),
        ("typo beside a code", "organisation", "uscc_damaged"),
        ("typo and name", "near_code", "damaged"),
        ("typo and representative", "near_code", "damaged"),
        ("name and telephone", "same_facts", "missing"),
        ("former name and address", "same_facts", "missing"),
        ("thirteen digits", "registration", "own"),
    ],
)
def test_it_is_the_plain_company(found: Found, label: str, basis: str, verdict: str) -> None:
    assert found[label][0] == found["plain"][0]
    assert found[label][1:3] == (basis, verdict)


@pytest.mark.parametrize(
    ("label", "verdict"),
    [
        ("typo alone", "damaged"),
        ("name alone", "missing"),
        ("name, telephone, another county", "missing"),
        ("number of both", "registration_contested"),
        ("facts of both", "missing"),
    ],
)
def test_nothing_decides(found: Found, label: str, verdict: str) -> None:
    assert found[label][:3] == (None, "none", verdict)


def test_of_two_codes_the_one_of_the_place_it_is_in_is_agreed(found: Found) -> None:
    assert found["kiosk where it is"][2:] == ("own", KIOSK.uscc)
    assert found["kiosk elsewhere"][2:] == ("division_wrong", None)


def test_a_register_whose_row_names_another_place_than_its_code_is_wrong(found: Found) -> None:
    assert found["stall where it is"][2:] == ("own", STALL.uscc)
    assert found["stall as registered"][2:] == ("division_wrong", None)
    assert found["stall as registered"][0] == found["stall where it is"][0]


def test_a_credit_code_that_is_not_agreed_has_no_say(found: Found) -> None:
    assert found["division of another county"][3] is None
    assert found["credit code of another"][3] is None
    assert found["codes at odds"][3] == PLAIN.uscc


def test_the_name_chooses_between_two_codes_of_one_record(found: Found) -> None:
    assert found["credit code of another"][0] == found["other"][0]
    assert found["credit code of another"][2] == "codes_disagree"


def test_namesakes_are_two_and_facts_tell_them_apart(found: Found) -> None:
    assert found["twin a"][0] != found["twin b"][0]
    assert found["telephone of b"][0] == found["twin b"][0]
    assert found["number of one"][0] == found["twin a"][0]


def test_two_rows_of_one_register_are_two_organisations(found: Found) -> None:
    assert found["row without a code"][0] not in (None, found["row with a code"][0])
    assert found["row without a code"][1] == "source"


def test_a_row_of_a_register_without_a_code_finds_the_one_with_it(found: Found) -> None:
    assert found["union without a code"][0] == found["union at statistics"][0]


def test_the_kind_of_succession_says_whether_it_is_one_organisation(found: Found) -> None:
    assert found["old works"][0] == found["new works"][0]
    assert found["old shop"][0] != found["new firm"][0]
    assert len({found[label][0] for label in ("plain", "other", "old works", "old shop")}) == 4
