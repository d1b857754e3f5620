"""The identity register: whatever clusters do between builds, what happens to a key is a row."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.models.scratch import render

pytestmark = pytest.mark.unit

EXPRESSIONS = {
    "subjects": "{{ register_subjects('select * from pair', 'register') }}",
    "entries": "{{ register_entries('register') }}",
    "keys": "{{ current_keys('register') }}",
}
Clusters = dict[str, str]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return render(tmp_path_factory.mktemp("scratch_register"), EXPRESSIONS)


class Register:
    """A register in memory that is built again and again."""

    def __init__(self, sql: dict[str, str]) -> None:
        self.sql = sql
        self.cut = 0
        self.duck = duckdb.connect(config={"threads": 1})
        self.duck.execute(
            "create table register (entry_no bigint, operation varchar, key bigint,"
            " anchor varchar, related_key bigint, recorded_cut bigint);"
            "create schema meta; create table meta.cut (cut_id bigint);"
            "create table pair (anchor varchar, cluster varchar, strength integer)"
        )

    def build(self, clusters: Clusters) -> list[tuple[str, int, str | None, int | None]]:
        """Build once; return the new entries as (operation, key, anchor, related key)."""
        self.cut += 1
        self.duck.execute("delete from pair; delete from meta.cut")
        self.duck.execute("insert into meta.cut values (?)", [self.cut])
        rows = [
            (anchor, cluster, 1 if anchor.startswith("register:") else 2)
            for anchor, cluster in clusters.items()
        ]
        self.duck.execute(
            f"insert into pair values {', '.join(['(?, ?, ?)'] * len(rows))}",
            [value for row in rows for value in row],
        )
        self.duck.execute("drop table if exists register_subject")
        self.duck.execute(self.sql["subjects"])
        self.duck.execute(self.sql["entries"])
        return self.duck.execute(
            "select operation, key, anchor, related_key from register where recorded_cut = ?"
            " order by entry_no",
            [self.cut],
        ).fetchall()

    def keys(self) -> dict[str, int]:
        """The key in force of every anchor."""
        return {anchor: key for anchor, key, _ in self.duck.execute(self.sql["keys"]).fetchall()}


def test_a_corrected_number_keeps_the_key(sql: dict[str, str]) -> None:
    register = Register(sql)
    register.build({"register:1": "a", "resident:1": "a"})
    key = register.keys()["register:1"]

    entries = register.build({"register:1": "b", "resident:2": "b"})

    assert entries == [("adopt", key, "resident:2", None)]


def test_two_that_turn_out_to_be_one_are_merged_into_the_elder(sql: dict[str, str]) -> None:
    register = Register(sql)
    register.build({"resident:1": "a"})
    register.build({"resident:1": "a", "permit:1": "p"})
    elder, younger = register.keys()["resident:1"], register.keys()["permit:1"]

    entries = register.build({"resident:1": "a", "permit:1": "a"})

    assert entries == [("merge", younger, None, elder)]
    assert register.keys() == {"resident:1": elder, "permit:1": elder}


def test_one_that_turns_out_to_be_two_is_split_and_the_register_row_keeps_the_key(
    sql: dict[str, str],
) -> None:
    register = Register(sql)
    register.build({"register:1": "a", "resident:1": "a"})
    key = register.keys()["register:1"]

    entries = register.build({"register:1": "a", "resident:1": "b", "register:2": "b"})

    [(split, new, anchor, related), (adopt, adopter, second, _)] = entries
    assert (split, anchor, related) == ("split", "resident:1", key)
    assert (adopt, second, adopter) == ("adopt", "register:2", new)
    assert register.keys()["register:1"] == key != new


def test_a_key_that_gave_way_twice_leads_to_the_last(sql: dict[str, str]) -> None:
    register = Register(sql)
    register.build({"resident:3": "c"})
    register.build({"resident:3": "c", "resident:2": "b"})
    register.build({"resident:3": "c", "resident:2": "b", "resident:1": "a"})
    last = register.keys()["resident:3"]
    register.build({"resident:3": "c", "resident:2": "a", "resident:1": "a"})

    register.build({"resident:3": "a", "resident:2": "a", "resident:1": "a"})

    assert set(register.keys().values()) == {last}


cluster_maps = st.dictionaries(
    st.sampled_from([f"{kind}:{n}" for kind in ("register", "resident") for n in range(4)]),
    st.sampled_from("abcd"),
    min_size=1,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(cluster_maps, min_size=2, max_size=5))
def test_keys_follow_clusters_and_change_only_by_rows(
    sql: dict[str, str], builds: list[Clusters]
) -> None:
    register = Register(sql)
    before: dict[str, int] = {}
    for clusters in builds:
        entries = register.build(clusters)
        keys = register.keys()
        # One key per cluster, one cluster per key.
        pairs = {(clusters[anchor], keys[anchor]) for anchor in clusters}
        assert len({cluster for cluster, _ in pairs}) == len(pairs)
        assert len({key for _, key in pairs}) == len(pairs)
        # Whoever has another key than before is named by a row, or his key gave way by one.
        named = {anchor for _, _, anchor, _ in entries}
        gone = {key: other for operation, key, _, other in entries if operation == "merge"}
        for anchor, key in before.items():
            if keys[anchor] != key:
                assert anchor in named or gone.get(key) == keys[anchor]
        # Building the same again writes nothing.
        assert register.build(clusters) == []
        before = register.keys()
