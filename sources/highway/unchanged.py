"""Values that a change did not send because they had not changed (PostgreSQL's TOAST).

They are what the row held before: in an earlier change of the same batch, or in the rows as landed.
Keep out: how a decoder knows which were not sent.
"""

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from citybase.duck import quoted
from sources.connectors.base import DAMAGE_PREFIX

NOT_SENT = "value_not_sent"

_Key = tuple[str | None, ...]
_Values = dict[str, str | None]


def filled(
    rows: pa.Table,
    unchanged: pa.Table,
    *,
    keys: Sequence[str],
    current: str,
    duck: duckdb.DuckDBPyConnection,
) -> pa.Table:
    """``rows`` with every unsent value put in; see ``change.TableChanges``.

    ``current`` is SQL of the table's rows before the batch. A value that nobody knows, because the
    row before was itself rejected, makes its row rejected too (``value_not_sent``).
    """
    codes = unchanged.column_names
    if not codes or not rows.num_rows:
        return rows
    walk = _Walk(rows, unchanged, keys)
    before = _landed(walk.wanted(), keys=keys, codes=codes, current=current, duck=duck)
    found = list(walk.values(before))
    for code in codes:
        column = pa.array([values.get(code, None) for values in found], pa.string())
        rows = rows.set_column(rows.column_names.index(code), code, column)
        damage = [None if code in values else NOT_SENT for values in found]
        if any(damage):
            rows = rows.append_column(DAMAGE_PREFIX + code, pa.array(damage, pa.string()))
    return rows


class _Walk:
    """One pass over the rows in their order, with what each key holds at that moment."""

    def __init__(self, rows: pa.Table, unchanged: pa.Table, keys: Sequence[str]) -> None:
        self._codes = unchanged.column_names
        self._ops = rows.column("_op").to_pylist()
        self._places: list[str] = rows.column("_position").to_pylist()
        self._keys: list[_Key] = list(zip(*(_texts(rows.column(key)) for key in keys), strict=True))
        self._sent = {code: _texts(rows.column(code)) for code in self._codes}
        self._unsent = {code: unchanged.column(code).to_pylist() for code in self._codes}

    def wanted(self) -> list[_Key]:
        """The keys whose landed rows are needed."""
        return list(dict.fromkeys(origin for origin, _ in self._steps({}) if origin is not None))

    def values(self, before: Mapping[_Key, _Values]) -> Iterator[_Values]:
        """For each row the values of the columns, as far as somebody knows them."""
        for _, values in self._steps(before):
            yield values

    def _steps(self, before: Mapping[_Key, _Values]) -> Iterator[tuple[_Key | None, _Values]]:
        """Per row the key under which its unsent values had landed, and the values it has now."""
        held: dict[_Key, _Values] = {}
        origins: dict[_Key, _Key] = {}
        given_up: tuple[_Key, _Values] | None = None
        successor: str | None = None
        for index, (op, key, place) in enumerate(
            zip(self._ops, self._keys, self._places, strict=True)
        ):
            unsent = [code for code in self._codes if self._unsent[code][index]]
            values = {code: self._sent[code][index] for code in self._codes if code not in unsent}
            origin = None
            if unsent:
                if key not in held and given_up is not None and place == successor:
                    # The other half of a change of key: the row itself is the same.
                    origins[key], held[key] = given_up
                origin = origins.get(key, key)
                known = held.get(key, {})
                for code in unsent:
                    if code in known:
                        values[code] = known[code]
                    elif code in before.get(origin, {}):
                        values[code] = before[origin][code]
            if op == "d":
                given_up, successor = (origins.pop(key, key), held.pop(key, {})), _next(place)
            else:
                given_up, held[key] = None, values
            yield origin, values


def _next(position: str) -> str:
    """The number right behind: an update has it only behind the delete of its own old key."""
    transaction, _, number = position.partition(".")
    return f"{transaction}.{int(number, 16) + 1:0{len(number)}X}"


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    return [None if value is None else str(value) for value in column.to_pylist()]


def _landed(
    wanted: Sequence[_Key],
    *,
    keys: Sequence[str],
    codes: Sequence[str],
    current: str,
    duck: duckdb.DuckDBPyConnection,
) -> dict[_Key, _Values]:
    if not wanted:
        return {}
    sought = pa.table(
        {
            key: pa.array([one[place] for one in wanted], pa.string())
            for place, key in enumerate(keys)
        }
    )
    duck.register("sought_unchanged", sought)
    same = " and ".join(f"cast(old.{quoted(key)} as varchar) = new.{quoted(key)}" for key in keys)
    shown = ", ".join(
        [
            *(f"new.{quoted(key)}" for key in keys),
            *(f"cast(old.{quoted(code)} as varchar)" for code in codes),
        ]
    )
    rows = duck.execute(
        f"select {shown} from ({current}) as old inner join sought_unchanged as new on {same}"
    ).fetchall()
    duck.unregister("sought_unchanged")
    width = len(keys)
    return {tuple(row[:width]): dict(zip(codes, row[width:], strict=True)) for row in rows}
