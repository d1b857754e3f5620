"""The published samples and the awkward cases: our own right answers."""

from datetime import date

import polars as pl
import pytest

from citybase.identifiers import identify, resident
from citybase.identifiers.reference import Reference, load_reference
from citybase.identifiers.text import normalise
from citybase.identifiers.vocabulary import ERROR_REASONS, REASONS, RESIDENT_GRADES
from citybase.settings import project_root
from tests.unit.identifiers.conftest import AS_OF
from tests.unit.identifiers.standard import (
    licence_check,
    organisation_check,
    registration_check,
    resident_check,
    upgraded,
    uscc_check,
)

pytestmark = pytest.mark.unit

LICENCES = [
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
]


def one(number: str) -> dict[str, object]:
    return identify([number], as_of=AS_OF).row(0, named=True)


@pytest.mark.parametrize(
    ("number", "kind", "valid", "reasons"),
    [
        # GB 11643-1999: printed in the standard, and the published samples of the residence permits
        ("11010519491231002X", "resident", True, []),
        ("440524188001010014", "resident", True, ["area_historic"]),
        ("610104620927690", "resident", True, []),
        ("610104196209276908", "resident", True, []),
        ("810000199408230021", "resident", True, []),
        ("830000199201300022", "resident", True, []),
        # what other packages get wrong
        ("372801196807120015", "resident", True, ["area_historic"]),
        ("371302198507120010", "resident", True, []),
        ("371371201907120017", "resident", True, ["area_unknown"]),
        ("911370198001010014", "permit", True, []),
        ("371302209901010013", "resident", False, ["date_future"]),
        # damaged, and still what a person would say
        ("371302199002300015", "resident", False, ["date_impossible", "checksum"]),
        ("371302198507120011", "resident", False, ["checksum"]),
        ("37130219850712001", "resident", False, ["length"]),
        ("37130219850712001O", "resident", False, ["charset"]),
        ("371302850712999", "resident", True, ["century_ambiguous"]),
        ("372823850712001", "resident", True, ["area_historic"]),
        ("371302 19850712-0010", "resident", True, []),
        ("11010519491231002x", "resident", True, []),
        ("11010519491231002×", "resident", True, []),
        ("11010519491231002Х", "resident", True, []),
        (
            "\uff11\uff11\uff10\uff11\uff10\uff15\u300019491231002\uff38",
            "resident",
            True,
            [],
        ),
        ("3.71302E+17", "unknown", False, ["scientific_notation"]),
        # GB 32100: both checks
        ("91110000600037341L", "uscc", True, []),
        ("11110000000021135M", "uscc", True, []),
        ("11100000000013338W", "uscc", True, []),
        ("91460100MA5THWMM2J", "uscc", True, []),
        ("11370800MB28559184", "uscc", True, []),
        ("11430000006122244L", "uscc", True, []),
        ("113700000045030270", "uscc", True, []),
        ("11330105002500287C", "uscc", True, []),
        ("11100000MB03271699", "uscc", True, []),
        ("91110000600037341K", "uscc", False, ["checksum"]),
        ("91370000MA3C1234SX", "uscc", False, ["charset"]),
        # GB 11714, GS 15-2006
        ("60003734-1", "organisation", True, []),
        ("600037341", "organisation", True, []),
        ("MB0327169", "organisation", True, []),
        ("600037342", "organisation", False, ["checksum"]),
        ("110108000000016", "registration", True, []),
        ("110108000000017", "registration", False, ["checksum"]),
        ("3713022800123", "registration", True, ["unchecked"]),
        # GB/T 36904
        (LICENCES[0], "licence", True, []),
        (LICENCES[1], "licence", True, []),
        (
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
            "licence",
            True,
            ["issuer_is_division"],
        ),
        (
            "1.2.156.3005.2.11100000000013661B006.113700000045046442"
            ".209FA4E88F9E4C878F3E9BED2CE7EA49.001.M",
            "licence",
            False,
            ["checksum"],
        ),
        (LICENCES[0].replace("1.2.156.3005.2", "1.2.156.3005.3"), "licence", False, ["structure"]),
        (LICENCES[0].replace(".001.", ".000."), "licence", False, ["version"]),
        (LICENCES[0].replace("W032.", "W03."), "licence", False, ["length"]),
        # permits
        ("H1234567801", "permit", True, ["unchecked"]),
        ("M12345678", "permit", True, ["unchecked"]),
        ("12345678", "permit", True, ["unchecked"]),
        ("0012345678(B)", "permit", True, ["unchecked"]),
        ("HKG012345678", "permit", True, ["unchecked"]),
        ("CHN110101010123", "permit", True, ["unchecked"]),
        ("H123456789", "permit", False, ["charset"]),
        ("", "unknown", False, ["unrecognised"]),
        ("兰山区", "unknown", False, ["unrecognised"]),
        ("13812345678", "unknown", False, ["unrecognised"]),
    ],
)
def test_a_number_is_what_a_person_would_say(
    number: str, kind: str, *, valid: bool, reasons: list[str]
) -> None:
    found = one(number)
    assert (found["kind"], found["valid"], found["reasons"]) == (kind, valid, reasons)


def test_every_first_pair_of_rural_collectives_and_committees_is_known(
    reference: Reference,
) -> None:
    known = set(reference.categories["category_code"])
    assert {"54", "55", "N1", "N2", "N3", "92", "93", "Y1"} <= known


def test_an_unknown_pair_is_a_warning() -> None:
    body = "85371302" + "60003734" + organisation_check("60003734")
    found = one(body + uscc_check(body))
    assert (found["kind"], found["valid"], found["reasons"]) == ("uscc", True, ["category_unknown"])


def test_a_right_frame_around_a_wrong_organisation_code_is_an_error() -> None:
    body = "91371302" + "600037342"
    found = one(body + uscc_check(body))
    assert found["reasons"] == ["organisation_checksum"]
    assert found["valid"] is False


def test_the_parts_of_a_number_are_named() -> None:
    parts = one("610104620927690")["parts"]
    assert {k: v for k, v in parts.items() if v is not None} == {
        "number_18": "610104196209276908",
        "area_code": "610104",
        "area_name": "莲湖区",
        "birth_date": "1962-09-27",
        "sequence": "690",
        "sex": "2",
        "check": "8",
    }
    parts = one(LICENCES[0])["parts"]
    assert {k: v for k, v in parts.items() if v is not None} == {
        "type_code": "11100000000013338W032",
        "issuer_code": "11220000013544541J",
        "serial": "2430599",
        "version": "001",
        "check": "F",
    }
    assert one("H1234567801")["parts"]["person_number"] == "H12345678"
    assert one("911370198001010014")["parts"]["birth_date"] == "1980-01-01"
    assert one("810000199408230021")["parts"]["document"] == "residence_permit_hmt"


def test_the_scalar_standard_gives_the_published_characters() -> None:
    assert resident_check("11010519491231002") == "X"
    assert upgraded("610104620927690") == "610104196209276908"
    assert uscc_check("91110000600037341") == "L"
    assert organisation_check("60003734") == "1"
    assert registration_check("11010800000001") == "6"
    body = "11100000000013661B006113700000045046442209FA4E88F9E4C878F3E9BED2CE7EA49001"
    assert licence_check(body) == "D"


def test_the_list_of_linyi_is_the_standards() -> None:
    """GB/T 2260: the prefecture and its twelve counties now; every code of the time before 1994."""
    seed = pl.read_csv(
        project_root() / "dbt_project/seeds/code/code_division_national.csv", infer_schema=False
    )
    now = "371300 371301 371302 371311 371312 371321 371322 371323 371324 371325 371326 371327"
    now = [*now.split(), "371328", "371329"]
    mine = seed.filter(pl.col("division_code").str.contains("^(3713|3728)"))
    in_force = mine.filter(pl.col("valid_to").is_null())
    assert in_force["division_code"].to_list() == now
    assert mine.filter(pl.col("division_code") == "371324").select(
        "division_name", "valid_from", "valid_to"
    ).rows() == [
        ("苍山县", "1994-01-01", "2014-01-01"),
        ("兰陵县", "2014-01-01", None),
    ]
    ends = {
        "372800": "1994", "372801": "1994", "372802": "1989", "372821": "1983", "372822": "1994",
        "372823": "1994", "372824": "1994", "372825": "1989", "372826": "1992", "372827": "1994",
        "372828": "1989", "372829": "1994", "372830": "1994", "372831": "1994", "372832": "1994",
        "372833": "1994",
    }  # fmt: skip
    before = mine.filter(pl.col("division_code").str.starts_with("3728"))
    assert {c: t[:4] for c, t in before.select("division_code", "valid_to").rows()} == ends
    starts = dict(before.select("division_code", "valid_from").rows())
    assert (starts["372801"], starts["372802"]) == ("1983-01-01", "1985-01-01")
    assert "371371" not in seed["division_code"]


def test_an_area_is_judged_on_the_day_asked() -> None:
    number = pl.Series("number", ["372801196807120015", "371302198507120010"])

    def grades(day: date) -> list[str]:
        found = resident.grade(number, as_of=day, reference=load_reference(day))
        return found["grade"].to_list()

    assert grades(date(1990, 6, 1)) == ["ok", "area_historic"]
    assert grades(date(1994, 6, 1)) == ["area_historic", "ok"]


def test_100000_registers_but_nobody_is_born_there(reference: Reference) -> None:
    area = pl.DataFrame({"area": ["100000"]})
    registers = area.select(reference.area_status(pl.col("area"), holder="registrar")).item()
    lives = area.select(reference.area_status(pl.col("area"))).item()
    assert (registers, lives) == (True, None)


def test_a_birth_today_is_no_future() -> None:
    body = f"371302{AS_OF:%Y%m%d}001"
    assert one(body + resident_check(body))["reasons"] == []


def test_every_reason_has_a_weight_and_a_sentence() -> None:
    assert set(RESIDENT_GRADES[:5]) <= ERROR_REASONS
    assert not set(RESIDENT_GRADES[5:]) & ERROR_REASONS
    assert all(reason.chinese for reason in REASONS.values())


def test_nothing_in_nothing_out() -> None:
    assert identify([], as_of=AS_OF).rows() == []


def test_the_order_of_input_is_kept() -> None:
    mixed = ["hello", "11010519491231002X", LICENCES[0], "110108000000016", "11010519491231002X"]
    assert identify(mixed, as_of=AS_OF)["number"].to_list() == mixed


def test_null_and_blank_are_no_number() -> None:
    text = pl.DataFrame({"text": [None, "", " \u3000", "x"]}, schema={"text": pl.String})
    assert text.select(normalise(pl.col("text"))).to_series().to_list() == [None, None, None, "X"]
