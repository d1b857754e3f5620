"""Masks keep length, hide something, and are stable (STANDARDS.md B9)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybase.masking import STAR, mask_id_number, mask_key, mask_name, mask_numbers, mask_phone

pytestmark = pytest.mark.unit

Mask = Callable[[str | None], str | None]
MASKS: list[Mask] = [mask_name, mask_id_number, mask_phone, mask_key]

plain_text = st.text(
    st.characters(exclude_characters=STAR, exclude_categories=["Cs"]), min_size=1, max_size=40
)


@pytest.mark.parametrize("mask", MASKS)
@given(value=plain_text)
def test_a_mask_hides_something_keeps_the_length_and_is_idempotent(mask: Mask, value: str) -> None:
    masked = mask(value)

    assert masked is not None
    assert len(masked) == len(value)
    assert masked != value
    assert mask(masked) == masked


@pytest.mark.parametrize("mask", MASKS)
def test_nothing_stays_nothing(mask: Mask) -> None:
    assert mask(None) is None
    assert mask("") == ""


@pytest.mark.parametrize(
    ("mask", "value", "masked"),
    [
        (mask_name, "张三", "张*"),
        (mask_name, "张三丰", "张**"),
        (mask_name, "欧阳修", "欧阳*"),
        (mask_name, "欧阳", "欧*"),
        (mask_name, "张", "*"),
        (mask_id_number, "371302196807120015", "371302********0015"),
        (mask_id_number, "3713026807", "3*********"),
        (mask_phone, "13812345678", "138****5678"),
        (mask_key, "R0001234", "****1234"),
        (mask_key, "1234", "****"),
    ],
)
def test_the_widths_are_those_of_the_standard(mask: Mask, value: str, masked: str) -> None:
    assert mask(value) == masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "date field value out of range: '37130219850712001X'",
            "date field value out of range: '****************1X'",
        ),
        ("batch 1234567 of 13900001234", "batch 1234567 of *********34"),
        ("身份证371302850712001,生日19850712", "身份证*************01,生日******12"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_numbers_in_a_foreign_message_keep_two_characters(text: str, shown: str) -> None:
    assert mask_numbers(text) == shown
    assert mask_numbers(shown) == shown
