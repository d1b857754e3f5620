"""Chance depends on row, purpose and seed, on nothing else, and its purposes are independent."""

import duckdb
import pytest

from sources.simulator.mixer import install_mixer, set_list

pytestmark = pytest.mark.unit


@pytest.fixture
def mixer() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    install_mixer(connection, seed=1)
    return connection


def _value(connection: duckdb.DuckDBPyConnection, expression: str) -> object:
    row = connection.execute(f"select {expression}").fetchone()
    assert row is not None
    return row[0]


def test_values_are_those_of_the_pinned_duckdb(mixer: duckdb.DuckDBPyConnection) -> None:
    """A DuckDB whose hash() differs makes another city: then this test says so."""
    assert _value(mixer, "mix(0, 'age')") == 182558611155398731
    assert _value(mixer, "mix(123456789, 'street')") == 11073379996150164811


def test_the_type_of_the_row_number_does_not_matter(mixer: duckdb.DuckDBPyConnection) -> None:
    assert _value(mixer, "mix(5::integer, 'a')") == _value(mixer, "mix(5::hugeint, 'a')")


def test_another_seed_draws_otherwise(mixer: duckdb.DuckDBPyConnection) -> None:
    first = _value(mixer, "mix(1, 'a')")
    install_mixer(mixer, seed=2)
    assert _value(mixer, "mix(1, 'a')") != first


@pytest.mark.parametrize("modulus", [2, 3, 10, 64, 1000])
def test_two_purposes_are_independent(mixer: duckdb.DuckDBPyConnection, modulus: int) -> None:
    """Also in the low bits: plain hash(i, purpose) fails this at modulus 2."""
    rows = 100_000
    equal = _value(
        mixer,
        f"(select count(*) from range({rows}) t(i)"
        f" where below(i, 'sex', {modulus}) = below(i, 'county', {modulus}))",
    )
    expected = rows / modulus
    spread = (rows / modulus * (1 - 1 / modulus)) ** 0.5
    assert isinstance(equal, int)
    assert abs(equal - expected) < 5 * spread


@pytest.mark.parametrize("per_million", [1_000, 10_000, 300_000])
def test_chance_comes_as_often_as_it_says(
    mixer: duckdb.DuckDBPyConnection, per_million: int
) -> None:
    rows = 1_000_000
    hits = _value(
        mixer, f"(select count(*) from range({rows}) t(i) where chance(i, 'x', {per_million}))"
    )
    share = per_million / 1_000_000
    assert isinstance(hits, int)
    assert abs(hits - rows * share) < 5 * (rows * share * (1 - share)) ** 0.5


def test_lists_survive_the_way_into_the_connection(mixer: duckdb.DuckDBPyConnection) -> None:
    set_list(mixer, "word", ["王", "欧阳", "a'b", "𠅤"])
    set_list(mixer, "number", [3, 1, 2])
    assert _value(mixer, "getvariable('word')") == ["王", "欧阳", "a'b", "𠅤"]
    assert _value(mixer, "getvariable('number')") == [3, 1, 2]
    drawn = mixer.execute("select distinct pick_word(i, 'w') from range(200) t(i)").fetchall()
    assert {word for (word,) in drawn} == {"王", "欧阳", "a'b", "𠅤"}
