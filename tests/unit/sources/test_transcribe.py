"""A delivered CSV file loses nothing: its records are read as written, broken ones stand aside."""

import csv
import io
import tempfile
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from sources.connectors import transcribe as module
from sources.connectors.transcribe import (
    Transcript,
    UnreadableFileError,
    read_csv,
    read_header,
    transcribe,
)

pytestmark = pytest.mark.unit

Rows = list[tuple[str | None, ...]]


@cache
def reader() -> duckdb.DuckDBPyConnection:
    """One DuckDB for the hundreds of files that are drawn."""
    return connect(threads=1)


def run(
    folder: Path, content: bytes, *, encoding: str = "utf-8", delimiter: str = ","
) -> tuple[Transcript, Rows, Rows]:
    """The transcript of a file, its good records (line first) and its broken ones."""
    source = folder / "source.csv"
    source.write_bytes(content)
    header = read_header(source, encoding=encoding, delimiter=delimiter)
    clean, broken = folder / "clean.csv", folder / "broken.csv"
    transcript = transcribe(source, clean=clean, broken=broken, header=header, delimiter=delimiter)
    names = ["line", *(f"f{number}" for number in range(len(header.names)))]
    good = reader().execute(f"from {read_csv(clean, names)} order by line::bigint").fetchall()
    bad = reader().execute(f"from {read_csv(broken, ['line', 'raw', 'reason'])}").fetchall()
    assert (transcript.good, transcript.broken) == (len(good), len(bad))
    return transcript, good, bad


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rare_characters_arrive_in_every_encoding(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    # 䶮 and 㐂 are extension A, 𠮷 takes four bytes beyond the first plane, € and ü two.
    text = newline.join(["编号,姓名", "1,张䶮", "2,李𠮷", "3,王㐂€ü", ""])

    _, good, bad = run(tmp_path, text.encode(encoding), encoding=encoding.removesuffix("-sig"))

    assert good == [("2", "1", "张䶮"), ("3", "2", "李𠮷"), ("4", "3", "王㐂€ü")]
    assert bad == []


def test_a_utf8_mark_outranks_the_declared_encoding(tmp_path: Path) -> None:
    _, good, _ = run(tmp_path, "编号,姓名\n1,张三\n".encode("utf-8-sig"), encoding="gb18030")

    assert good == [("2", "1", "张三")]


def test_a_gb18030_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes("\ufeff编号,姓名\n".encode("gb18030"))

    assert read_header(source, encoding="gb18030", delimiter=",").names == ["编号", "姓名"]


def test_broken_lines_stand_aside_with_line_reason_and_raw_text(tmp_path: Path) -> None:
    content = b"\n".join(
        [b"a,b", b"1,x", b"2", b"3,x,y", b"4,\xff\xfe", b'5,"x"y', b'6,"x', b"7,x", b""]
    )

    _, good, bad = run(tmp_path, content)

    assert good == [("2", "1", "x"), ("8", "7", "x")]
    assert bad == [
        ("3", "2", "short_row"),
        ("4", "3,x,y", "long_row"),
        ("5", "4,\\xff\\xfe", "undecodable_bytes"),
        ("6", '5,"x"y', "broken_quotes"),
        ("7", '6,"x', "broken_quotes"),
    ]


def test_a_quoted_field_may_hold_anything(tmp_path: Path) -> None:
    content = 'a,b\n"1,2","he said ""no""\nand left"\n3,"x\ry"\n"",\n'

    _, good, bad = run(tmp_path, content.encode())

    assert good == [
        ("2", "1,2", 'he said "no"\nand left'),
        ("4", "3", "x\ry"),
        ("5", None, None),
    ]
    assert bad == []


def test_a_bad_byte_inside_an_unfinished_record_loses_no_line(tmp_path: Path) -> None:
    _, good, bad = run(tmp_path, b'a,b\n1,"x\n2,\xff\n3,y\n')

    assert good == [("4", "3", "y")]
    assert [line for line, *_ in bad] == ["2", "3"]


def test_a_delimiter_that_is_a_trail_byte_is_found_after_decoding(tmp_path: Path) -> None:
    # The second byte of 丂 in GB18030 is 0x40 and that of 亅 is 0x7C, the vertical bar.
    text = "a|b\n亅|丂\n"
    assert text.encode("gb18030").count(b"|") > text.count("|")

    _, good, _ = run(tmp_path, text.encode("gb18030"), encoding="gb18030", delimiter="|")

    assert good == [("2", "亅", "丂")]


def test_blank_lines_are_no_records_and_the_last_line_needs_no_end(tmp_path: Path) -> None:
    transcript, good, _ = run(tmp_path, b"a,b\n\n1,x\n\n2,y")

    assert good == [("3", "1", "x"), ("5", "2", "y")]
    assert transcript == Transcript(good=2, broken=0)


def test_a_file_longer_than_a_block_keeps_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 64)
    lines = ["编号,值", *(f"{n},{'值' * (n % 40)}" for n in range(2, 500))]

    _, good, _ = run(tmp_path, "\n".join(lines).encode("gb18030"), encoding="gb18030")

    assert [(line, number) for line, number, _ in good] == [(str(n), str(n)) for n in range(2, 500)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        ("编号,姓名\n".encode("gb18030"), "header that is not utf-8: byte 0 is 0xb1"),
        (b'a,"b\n', "header with a broken quotation mark"),
    ],
)
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        run(tmp_path, content)


@pytest.mark.parametrize("end", [b"", b"\n", b"\n9,z\n8,y", b"\r\n9,z\r\n8,y\r\n"])
def test_a_line_that_is_too_long_costs_no_other_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 1000)
    monkeypatch.setattr(module, "_BLOCK", 100)
    monkeypatch.setattr(module, "_SHOWN", 5)

    _, good, broken = run(tmp_path, b'a,b\n7,x\n6,"\n1,' + b"x" * 5000 + end)

    behind = [("5", "9", "z"), ("6", "8", "y")] if len(end) > 1 else []
    assert good == [("2", "7", "x"), *behind]
    assert broken == [("3", '6,"', "broken_quotes"), ("4", "1,xxx", "line_too_long")]


field = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufeff"), max_size=8)


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.tuples(field, field, field), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    delimiter=st.sampled_from([",", "|", "\t", ";"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_wrote_is_read(
    rows: list[tuple[str, str, str]], quoting: int, encoding: str, delimiter: str, newline: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerows([("a", "b", "c"), *rows])

    with tempfile.TemporaryDirectory() as folder:
        _, good, bad = run(
            Path(folder), text.getvalue().encode(encoding), encoding=encoding, delimiter=delimiter
        )

    assert [record[1:] for record in good] == [
        tuple(value or None for value in row) for row in rows
    ]
    assert bad == []


@settings(deadline=None, max_examples=150)
@given(body=st.binary(max_size=200), encoding=st.sampled_from(["utf-8", "gb18030"]))
def test_no_bytes_whatever_get_lost(body: bytes, encoding: str) -> None:
    """Every line that is not blank begins, continues or is a record, good or broken."""
    with tempfile.TemporaryDirectory() as folder:
        _, good, bad = run(Path(folder), b"a,b\n" + body, encoding=encoding)
    starts = sorted(int(line or 0) for line, *_ in [*good, *bad])
    assert len(starts) == len(set(starts))
    lines = {
        number for number, line in enumerate(body.split(b"\n"), start=2) if line.removesuffix(b"\r")
    }
    spanned = {
        start + extra
        for start, *texts in [*good, *bad]
        for extra in range(1 + sum((text or "").count("\n") for text in texts))
        for start in [int(start or 0)]
    }
    assert lines <= spanned
