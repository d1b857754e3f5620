"""What must hold for every number, tried on generated ones."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybase.errors import IdentifierError
from citybase.identifiers import checksum, identify, licence, organisation, resident
from tests.unit.identifiers.conftest import AS_OF
from tests.unit.identifiers.standard import (
    USCC,
    licence_check,
    organisation_check,
    registration_check,
    resident_check,
    upgraded,
    uscc_check,
)

pytestmark = pytest.mark.unit

DIGITS, CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
birth = st.dates(date(1900, 1, 1), AS_OF)
sequence = st.integers(0, 999).map("{:03d}".format)
area = st.sampled_from(["371302", "371324", "372801", "810000", "110105"])


@st.composite
def resident_number(draw: st.DrawFn) -> str:
    body = draw(area) + f"{draw(birth):%Y%m%d}" + draw(sequence)
    return body + resident_check(body)


@st.composite
def uscc_number(draw: st.DrawFn) -> str:
    inner = draw(st.text(USCC, min_size=8, max_size=8))
    pair = draw(st.sampled_from(["91", "92", "54", "N2", "11"]))
    body = pair + "371302" + inner + organisation_check(inner)
    return body + uscc_check(body)


serials = st.text(DIGITS + CAPITALS, min_size=1, max_size=40)
types = st.sampled_from(["11100000000013338W032", "11100000MB03271699001"])
issuers = st.sampled_from(["11220000013544541J", "371302"])


def grade(number: str) -> str:
    series = pl.Series("number", [number])
    return str(resident.grade(series, as_of=AS_OF, reference=None)["grade"].item())


@given(resident_number(), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(number: str, place: int, shift: int) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    damaged = number[:place] + wrong + number[place + 1 :]
    assert grade(number) == "ok"
    assert grade(damaged) in {"checksum", "date_impossible", "date_future"}


@given(resident_number(), st.integers(0, 15))
def test_two_neighbours_swapped_are_always_seen(number: str, place: int) -> None:
    a, b = number[place], number[place + 1]
    damaged = number[:place] + b + a + number[place + 2 :]
    assert (grade(damaged) == "ok") == (a == b)


@given(area, st.dates(date(1900, 1, 1), date(1999, 12, 31)), sequence)
def test_an_upgrade_is_right_and_happens_once(area: str, birth: date, sequence: str) -> None:
    old = area + f"{birth:%y%m%d}" + sequence
    frame = pl.DataFrame({"number": [old]}).with_columns(n17=resident.n17(pl.col("number")))
    once = frame.select(number=resident.number_18(pl.col("number"), pl.col("n17")))
    assert once.item() == upgraded(old)
    again = once.with_columns(n17=resident.n17(pl.col("number")))
    assert again.select(resident.number_18(pl.col("number"), pl.col("n17"))).item() == once.item()
    assert again["n17"].item() == frame["n17"].item()


@given(st.integers(0, 10**17 - 1))
def test_the_check_character_is_the_standards(n17: int) -> None:
    found = pl.DataFrame({"n": [n17]}).select(checksum.resident_check(pl.col("n"))).item()
    assert found == resident_check(f"{n17:017d}")


@given(uscc_number(), st.integers(0, 16), st.sampled_from(USCC))
def test_one_wrong_character_of_a_uscc_is_always_seen(number: str, place: int, wrong: str) -> None:
    damaged = number[:place] + wrong + number[place + 1 :]
    grades = organisation.grade_uscc(pl.Series("n", [number, damaged]), reference=None)["grade"]
    assert grades[0] == "ok"
    assert (grades[1] == "ok") == (damaged == number)


@given(st.text(DIGITS, min_size=14, max_size=14), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_of_a_registration_number_is_always_seen(
    body: str, place: int, shift: int
) -> None:
    number = body + registration_check(body)
    damaged = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    grades = organisation.grade_registration(pl.Series("n", [number, damaged]))["grade"]
    assert grades.to_list() == ["ok", "checksum"]


@settings(max_examples=15)
@given(types, issuers, serials, st.integers(1, 998))
def test_a_minted_identifier_verifies_and_so_does_its_successor(
    type_code: str, issuer_code: str, serial: str, version: int
) -> None:
    minted = licence.mint(
        type_code=type_code, issuer_code=issuer_code, serial=serial, version=version
    )
    assert minted.check == licence_check(f"{type_code}{issuer_code}{serial}{version:03d}")
    successor = licence.next_version(str(minted))
    assert int(successor.version) == version + 1
    assert (successor.type_code, successor.serial) == (minted.type_code, minted.serial)
    found = identify([str(minted), str(successor)], as_of=AS_OF)
    assert found["kind"].to_list() == ["licence", "licence"]
    assert found["valid"].to_list() == [True, True]


def test_version_999_has_no_successor() -> None:
    last = licence.mint(
        type_code="11100000000013338W032", issuer_code="371302", serial="1", version=999
    )
    with pytest.raises(IdentifierError, match="001-999") as refused:
        licence.next_version(str(last))
    assert "serial" in refused.value.remedy


def test_the_successor_of_a_wrong_identifier_is_refused() -> None:
    wrong = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.W"
    with pytest.raises(IdentifierError, match="checksum"):
        licence.next_version(wrong)


def test_a_part_that_breaks_the_alphabet_is_refused() -> None:
    with pytest.raises(IdentifierError, match="digits and capital letters"):
        licence.mint(type_code="11100000000013338W032", issuer_code="371302", serial="a.b")


@settings(max_examples=30)
@given(st.lists(st.text(max_size=24), max_size=20))
def test_no_text_is_too_strange(texts: list[str]) -> None:
    assert identify(texts, as_of=AS_OF).height == len(texts)
