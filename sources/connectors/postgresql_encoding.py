"""Texts of PostgreSQL databases that say nothing, or something else, of how they are written.

A database of encoding SQL_ASCII keeps whatever bytes came, one of LATIN1 calls the bytes of Chinese
text Latin letters, and one of EUC_CN holds characters that its server cannot convert. Such texts
are read as bytes and decoded here. Keep out: which columns are read (``postgresql.py``).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.adapt import Buffer, Loader
from pyarrow import parquet

from citybase.duck import literal, quoted
from sources.connectors.base import BYTES_PREFIX, LINE_COLUMN

_UNDECLARED = "SQL_ASCII"
# What the server takes any byte for, so that its word is worth nothing.
WORTHLESS = frozenset({_UNDECLARED, "LATIN1", "WIN1252"})
_ROWS = 50_000


class _Guessing(Loader):
    """A name or a comment, for a person to read: UTF-8, else Chinese."""

    def load(self, data: Buffer) -> str:
        """The text; what neither encoding has is replaced."""
        stored = bytes(data)
        try:
            return stored.decode("utf-8")
        except UnicodeDecodeError:
            return stored.decode("gb18030", errors="replace")


def server_encoding(connection: psycopg.Connection[Any]) -> str:
    """PostgreSQL's name of the database's encoding."""
    return connection.info.parameter_status("server_encoding") or "UTF8"


def tolerate(connection: psycopg.Connection[Any]) -> None:
    """Let names and comments of a database that declares no encoding come, whatever they are; the
    server would break off each query at the first that is no UTF-8. Its own queries are bytes then.
    """
    if server_encoding(connection) != _UNDECLARED:
        return
    connection.execute("set client_encoding to sql_ascii")
    for kind in ("text", "name", "varchar", "bpchar", '"char"'):
        connection.adapters.register_loader(kind, _Guessing)


def decoded(source: Path, target: Path, *, texts: Sequence[str], encoding: str) -> None:
    """Copy a Parquet file whose columns ``texts`` are bytes: as text, and beside it what is none.

    Rows keep their order. A text that is not in ``encoding`` is null, and its bytes stand in
    ``_bytes_<code>``.
    """
    with parquet.ParquetFile(source) as file:
        schema = file.schema_arrow
        fields = [pa.field(f.name, pa.string()) if f.name in texts else f for f in schema]
        fields += [pa.field(BYTES_PREFIX + code, pa.binary()) for code in texts]
        with parquet.ParquetWriter(target, pa.schema(fields), compression="lz4") as writer:
            for batch in file.iter_batches(batch_size=_ROWS):
                pairs = {code: _pair(batch.column(code).to_pylist(), encoding) for code in texts}
                arrays = [
                    pairs[name][0] if name in pairs else batch.column(name) for name in schema.names
                ]
                arrays += [pairs[code][1] for code in texts]
                writer.write_batch(pa.record_batch(arrays, schema=writer.schema))


def decoded_query(target: Path, *, codes: Iterable[str], texts: Sequence[str]) -> str:
    """The ``Reading.sql`` of what ``decoded`` wrote."""
    escaped = (
        f"cast({quoted(BYTES_PREFIX + code)} as varchar) as {quoted(BYTES_PREFIX + code)}"
        for code in texts
    )
    columns = ", ".join([*(quoted(code) for code in codes), *escaped])
    source = f"read_parquet({literal(str(target))})"
    return f"select {columns}, null::varchar as {LINE_COLUMN} from {source}"


def _pair(values: Sequence[bytes | None], encoding: str) -> tuple[pa.Array, pa.Array]:
    texts: list[str | None] = []
    lost: list[bytes | None] = []
    for value in values:
        try:
            text = None if value is None else value.decode(encoding)
        except UnicodeDecodeError:
            texts.append(None)
            lost.append(value)
        else:
            texts.append(text)
            lost.append(None)
    return pa.array(texts, pa.string()), pa.array(lost, pa.binary())
