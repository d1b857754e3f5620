"""The columnar decoder says what the plain one says, about any stream cut at any place."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.highway.pgoutput import Decoder
from sources.highway.pgoutput_message import (
    PADDING,
    ChangeRun,
    DamagedStreamError,
    Decoded,
    MessageBlock,
    RelationChange,
    Truncation,
)
from tests.unit.highway import pgoutput_rows as wire
from tests.unit.highway.pgoutput_rows import UNSENT, RowDecoder

pytestmark = pytest.mark.unit

RESIDENT = [("id", True), ("name", False), ("note", False)]
INSERT = wire.insert(5, ["1", "王", None])
AT = 814_752_000_000_000  # 2025-10-26, as PostgreSQL counts


def stream(*changes: bytes, lsn: int = 0x16B3748) -> list[bytes]:
    """One transaction on table 5, ``resident``."""
    announced = wire.relation(5, "resident", RESIDENT)
    return [wire.begin(lsn, AT), announced, *changes, wire.commit(lsn, lsn + 48, AT)]


def decode(messages: Sequence[bytes], **options: object) -> Decoded:
    return Decoder(**options).decode(MessageBlock.of(messages))  # type: ignore[arg-type]


def runs(decoded: Decoded) -> list[ChangeRun]:
    return [event for event in decoded.events if isinstance(event, ChangeRun)]


def facts(events: Sequence[object]) -> list[tuple[object, ...]]:
    """The events as the plain decoder writes them."""
    found: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, RelationChange):
            found.append(("relation", event.after.name, event.after.column_names))
        elif isinstance(event, Truncation):
            found.append(("truncate", tuple(r.name for r in event.relations), event.position))
        elif isinstance(event, ChangeRun):
            found += run_facts(event)
    return found


def run_facts(run: ChangeRun) -> list[tuple[object, ...]]:
    run.values.validate(full=True)
    names = run.values.column_names
    unsent = {name: run.unchanged[name].to_pylist() for name in run.unchanged.column_names}
    columns = [
        [
            "(not sent)" if name in unsent and unsent[name][i] else value
            for i, value in enumerate(run.values[name].to_pylist())
        ]
        for name in names
    ]
    values = [tuple(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    at = run.changes["_committed_at"].cast("int64").to_pylist()
    ops, positions = (run.changes[name].to_pylist() for name in ("_op", "_position"))
    return [
        ("row", run.relation.name, *row)
        for row in zip(ops, positions, at, values or [()] * len(run), strict=True)
    ]


def by_table(events: Sequence[tuple[object, ...]]) -> dict[str, list[tuple[object, ...]]]:
    """Each table's own story; an emptying belongs to all its tables."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for event in events:
        names = event[1] if isinstance(event[1], tuple) else (event[1],)
        for name in names:
            found.setdefault(str(name), []).append(event)
    return found


texts = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.sampled_from(["", "a" * 12, "a" * 13, "汉" * 4, "汉字" * 40, "1985-01-01", "NaN"]),
)
KEYS: list[Mapping[tuple[str, str], Sequence[str]]] = [
    {},
    {("huji", "t11"): ("c0",), ("huji", "t22"): ("gone",)},
]
values = st.one_of(texts, texts, st.none(), st.just(UNSENT))


@st.composite
def transactions(draw: st.DrawFn) -> list[bytes]:
    """Some transactions on up to three tables whose columns change under way."""
    messages: list[bytes] = []
    tables: dict[int, tuple[int, str]] = {}
    lsn = draw(st.integers(0, 2**62))
    for _ in range(draw(st.integers(1, 4))):
        lsn += 1000
        at = draw(st.integers(0, 2**50))
        messages.append(wire.begin(lsn, at))
        for _ in range(draw(st.integers(0, 8))):
            oid = draw(st.sampled_from([11, 22, 2**32 - 1]))
            if oid not in tables or draw(st.integers(0, 9)) == 0:
                width, identity = draw(st.integers(1, 4)), draw(st.sampled_from("dif"))
                tables[oid] = (width, identity)
                keys = draw(st.integers(1, width))
                columns = [(f"c{i}", identity == "f" or i < keys) for i in range(width)]
                messages.append(wire.relation(oid, f"t{oid}", columns, identity=identity))
            messages.append(draw(change(oid, *tables[oid], sorted(tables))))
        messages.append(wire.commit(lsn, lsn + 40, at))
    return messages


@st.composite
def change(draw: st.DrawFn, oid: int, width: int, identity: str, known: list[int]) -> bytes:
    letter = b"O" if identity == "f" else b"K"
    new = draw(st.lists(values, min_size=width, max_size=width))
    old = draw(st.lists(st.one_of(texts, st.none()), min_size=width, max_size=width))
    match draw(st.sampled_from("IIUUUDTM")):
        case "I":
            return wire.insert(oid, new)
        case "U":
            kept = draw(st.integers(0, width))
            before = draw(st.sampled_from([None, old, [*new[:kept], *old[kept:]]]))
            if before is not None:
                before = [None if value is UNSENT else value for value in before]
            return wire.update(oid, new, old=before, letter=letter)
        case "D":
            return wire.delete(oid, old, letter=letter)
        case "T":
            return wire.truncate(draw(st.lists(st.sampled_from(known), min_size=1, unique=True)))
        case _:
            return b"M\0" + bytes(8) + b"heartbeat\0" + bytes(4)


@settings(max_examples=300, deadline=None)
@given(transactions(), st.lists(st.integers(0, 60), max_size=4), st.sampled_from(KEYS))
def test_any_stream_cut_anywhere_says_what_the_plain_decoder_says(
    messages: list[bytes], cuts: list[int], keys: Mapping[tuple[str, str], Sequence[str]]
) -> None:
    decoder, events, committed = Decoder(keys=keys), [], []
    bounds = sorted({0, *(min(cut, len(messages)) for cut in cuts), len(messages)})
    for start, end in pairwise(bounds):
        decoded = decoder.decode(MessageBlock.of(messages[start:end]))
        events += facts(decoded.events)
        committed += [decoded.committed] if decoded.committed else []
    wanted = RowDecoder(keys=keys).decode(messages)
    assert by_table(events) == by_table(wanted)
    assert not decoded.is_open
    assert committed[-1].lsn + 40 == committed[-1].end_lsn


def test_a_large_value_that_did_not_change_is_marked_not_nulled() -> None:
    run = runs(
        decode(stream(wire.update(5, ["1", "王", UNSENT]), wire.update(5, ["2", None, "x"])))
    )
    assert run[0].values["note"].to_pylist() == [None, "x"]
    assert run[0].unchanged.to_pydict() == {"note": [True, False]}
    named = run[0].table({"id": "resident_no", "note": "note"})
    assert named.column_names == [
        "resident_no", "note", "_unchanged_note", "_op", "_position", "_committed_at",
    ]  # fmt: skip


def test_a_change_of_key_gives_up_the_old_key_first() -> None:
    moved = wire.update(5, ["9", "王", UNSENT], old=["1", None, None])
    (run,) = runs(decode(stream(wire.insert(5, ["1", "王", "x"]), moved)))
    assert run.changes["_op"].to_pylist() == ["c", "d", "u"]
    assert run.values["id"].to_pylist() == ["1", "1", "9"]
    assert run.values["name"].to_pylist() == ["王", None, "王"]
    assert run.changes["_position"].to_pylist() == [
        "00000000016B3748.00000001", "00000000016B3748.00000002", "00000000016B3748.00000003",
    ]  # fmt: skip
    assert run.changes["_committed_at"].to_pylist()[0] == datetime(2025, 10, 26)


def test_an_old_row_with_the_same_key_is_no_change_of_key_and_completes_the_new_one() -> None:
    announced = wire.relation(5, "resident", [(name, True) for name, _ in RESIDENT], identity="f")
    changed = wire.update(5, ["1", "李", UNSENT], old=["1", "王", "长" * 999], letter=b"O")
    messages = [wire.begin(1, AT), announced, changed]
    (run,) = runs(decode(messages, keys={("huji", "resident"): ["id"]}))
    assert run.changes["_op"].to_pylist() == ["u"]
    assert run.values.to_pylist() == [{"id": "1", "name": "李", "note": "长" * 999}]
    assert run.unchanged.num_columns == 0


def test_keys_longer_than_a_word_are_compared_to_their_end() -> None:
    long = "371302198501010017"
    (run,) = runs(
        decode(
            stream(
                wire.update(5, [long + "a", "", ""], old=[long + "a", None, None]),
                wire.update(5, [long + "b", "", ""], old=[long + "c", None, None]),
            )
        )
    )
    assert run.changes["_op"].to_pylist() == ["u", "d", "u"]


def test_positions_do_not_depend_on_where_the_stream_is_cut() -> None:
    messages = stream(*(wire.insert(5, [str(i), "王", None]) for i in range(50)))
    (whole,) = runs(decode(messages))
    decoder = Decoder()
    parts = [decoder.decode(MessageBlock.of([each])) for each in messages]
    assert [p.is_open for p in parts] == [True] * (len(messages) - 1) + [False]
    assert [p.committed is None for p in parts] == [True] * (len(messages) - 1) + [False]
    pieces = [position for p in parts for r in runs(p) for position in r.changes["_position"]]
    assert pieces == list(whole.changes["_position"])
    assert [str(p) for p in pieces] == sorted({str(p) for p in pieces})


def test_columns_change_in_the_middle_of_a_transaction() -> None:
    wider = wire.relation(5, "resident", [*RESIDENT, ("phone", False)])
    renamed = wire.relation(5, "resident", [*RESIDENT, ("mobile", False)])
    retyped = wire.relation(5, "resident", [*RESIDENT, ("mobile", False)], kind=20)
    again = wire.relation(5, "resident", RESIDENT)
    new = ["1", "王", None, "139"]
    decoded = decode(
        stream(
            wire.insert(5, ["1", "王", None]),
            again,
            wire.insert(5, ["2", "王", None]),
            wider,
            wire.update(5, new),
            renamed,
            wire.update(5, new),
            retyped,
            wire.update(5, new),
        )
    )
    shape = [
        len(event) if isinstance(event, ChangeRun) else (event.added, event.dropped, event.retyped)
        for event in decoded.events
        if isinstance(event, ChangeRun | RelationChange)
    ]
    assert shape == [
        ((), (), ()), 2,
        (("phone",), (), ()), 1,
        (("mobile",), ("phone",), ()), 1,
        ((), (), ("id", "name", "note", "mobile")), 1,
    ]  # fmt: skip


def test_an_emptied_table_stands_between_what_was_before_and_after() -> None:
    decoded = decode(
        stream(
            wire.insert(5, ["1", "王", None]),
            wire.truncate([5], 3),
            wire.insert(5, ["1", "李", ""]),
        )
    )
    assert [type(event) for event in decoded.events] == [
        RelationChange, ChangeRun, Truncation, ChangeRun,
    ]  # fmt: skip
    emptied = decoded.events[2]
    assert isinstance(emptied, Truncation)
    assert emptied.position == "00000000016B3748.00000003"
    assert emptied.committed_at == datetime(2025, 10, 26, tzinfo=UTC)
    assert (emptied.is_cascade, emptied.restarts_identity) == (True, True)


def test_tables_come_in_the_order_in_which_they_were_first_changed() -> None:
    other = wire.relation(4, "household", RESIDENT)
    decoded = decode(stream(other, INSERT, wire.insert(4, ["1", "王", None]), INSERT))
    assert [(run.relation.name, len(run)) for run in runs(decoded)] == [
        ("resident", 2),
        ("household", 1),
    ]


def test_a_new_connection_sends_the_open_transaction_again() -> None:
    messages = stream(wire.insert(5, ["1", "王", None]), wire.insert(5, ["2", "王", None]))
    decoder = Decoder()
    decoder.decode(MessageBlock.of(messages[:3]))
    decoder.reconnected()
    decoded = decoder.decode(MessageBlock.of(messages))
    assert [event for event in decoded.events if isinstance(event, RelationChange)] == []
    assert decoded.rows == 2


def test_an_empty_block_says_nothing() -> None:
    decoded = decode([])
    assert decoded == Decoded(events=(), committed=None, is_open=False)


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        (stream(b"S\0\0\0\1\0"), "message 'S'"),
        ([wire.relation(5, "resident", RESIDENT), INSERT], "outside a transaction"),
        ([wire.begin(1, AT), wire.begin(2, AT)], "outside a transaction"),
        ([wire.commit(1, 2, AT)], "outside a transaction"),
        ([wire.begin(1, AT), wire.commit(9, 10, AT)], "commit of another"),
        ([wire.begin(1, AT), INSERT], "never announced"),
        (stream(wire.truncate([6])), "never announced"),
        (stream(wire.insert(5, ["1", "王"])), "has not the 3 columns"),
        (stream(INSERT[:-1]), "beyond its message"),
        (stream(INSERT[:7]), "has not the 3 columns"),
        (stream(INSERT + b"\0"), "ends before its message"),
        (stream(INSERT.replace(b"t\0\0\0\1", b"t\xff\xff\xff\xff")), "negative length"),
        (stream(INSERT.replace(b"t\0\0\0\1", b"t\x7f\0\0\0")), "beyond its message"),
        (stream(INSERT.replace(b"t\0\0\0\1", b"b\0\0\0\1")), "neither text nor null"),
        (stream(INSERT.replace(b"N\0\3", b"X\0\3")), "neither old nor new"),
        (stream(b"U" + wire.delete(5, ["1", "王", None])[1:]), "old row without its new"),
        (stream(wire.relation(6, "x", RESIDENT)[:-2]), "relation message"),
        (stream(wire.truncate([5])[:-2]), "truncate message"),
    ],
)
def test_damage_is_named_not_guessed_at(messages: list[bytes], problem: str) -> None:
    with pytest.raises(DamagedStreamError) as caught:
        decode(messages)
    assert problem in caught.value.message
    assert caught.value.remedy


def test_a_block_without_its_padding_is_refused() -> None:
    ends = np.array([4], dtype=np.int64)
    with pytest.raises(AssertionError):
        MessageBlock(content=bytearray(4 + PADDING - 1), starts=ends - 4, ends=ends)
