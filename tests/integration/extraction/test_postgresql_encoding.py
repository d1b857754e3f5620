"""PostgreSQL databases whose encoding says nothing: refused until the registry says how they are
written.
"""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from citybase.errors import CitybaseError
from tests.integration.extraction.discover_house import DECIDED, Discovery, discovery
from tests.integration.extraction.extraction_house import House, Server, make_system
from tests.integration.extraction.test_discover import reader_url

__all__ = ["discovery"]
pytestmark = pytest.mark.integration

CONNECTION = {"technology": "postgresql", "schema": "public"}
COLUMNS = ["id integer key", "xm varchar", "born date", "income decimal(9,2)", "tags varchar"]


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the encoding asked for, with Chinese text as an application wrote it."""
    server.execute("drop database if exists old")
    server.execute(
        f"create database old template template0 encoding '{request.param}' "
        "lc_collate 'C' lc_ctype 'C'"
    )
    with psycopg.connect(make_conninfo(server.admin, dbname="old"), autocommit=True) as connection:
        connection.execute(f"set client_encoding to '{request.param}'")
        for statement in (
            "create table people (id int primary key, xm text, born date, income numeric(9, 2), "
            "tags varchar(20)[])",
            "comment on table people is '人员'",
            "insert into people values (1, '王伟', '1990-01-01', 1.5, '{甲,乙}'), "
            "(2, null, null, null, null), (3, 'abc', null, null, null)",
            "grant select on people to reader",
        ):
            connection.execute(statement.encode("gb18030"))
        if request.param != "EUC_CN":
            connection.execute(b"insert into people values (4, 'a\xff\xff')")
        else:
            # Letters that GB 2312 leaves free: the server cannot convert them.
            connection.execute(b"insert into people values (4, '\xaa\xa1')")
    yield str(request.param)
    server.execute("drop database old with (force)")


@pytest.mark.parametrize(
    ("database", "refused"),
    [
        ("SQL_ASCII", "holds text (xm), and its database, in SQL_ASCII, takes any bytes"),
        ("EUC_CN", "holds text that its database, in EUC_CN, cannot convert"),
        ("LATIN1", "holds text (xm), and its database, in LATIN1, takes any bytes"),
    ],
    indirect=["database"],
)
def test_texts_land_as_the_registry_says_they_are_written(
    database: str, refused: str, server: Server, house: House
) -> None:
    unsaid = make_system(CONNECTION, {"people": COLUMNS})
    house.locate(unsaid, make_conninfo(server.reader, dbname="old"))
    [failure] = house.extract(unsaid).failures
    assert refused in failure.message
    assert "Write `encoding: gb18030`" in failure.remedy
    system = make_system({**CONNECTION, "encoding": "gb18030"}, {"people": COLUMNS})

    result = house.extract(system)

    assert result.failures == ()
    landed = house.landed(system, "people")
    assert landed[:3] == [
        (1, "王伟", date(1990, 1, 1), landed[0][3], "{甲,乙}"),
        (2, None, None, None, None),
        (3, "abc", None, None, None),
    ]
    assert str(landed[0][3]) == "1.50"
    bad = [
        (q["column_code"], q["raw_value"], q["reason"]) for q in house.quarantined(system, "people")
    ]
    lost = [] if database == "EUC_CN" else [("xm", "a\\xFF\\xFF", "undecodable_bytes")]
    assert bad == lost


@pytest.mark.parametrize("database", ["SQL_ASCII"], indirect=True)
def test_discovery_asks_how_an_undeclared_database_is_written(
    database: str, server: Server, discovery: Discovery
) -> None:
    url = reader_url(server).replace("/postgres?", "/old?")
    path = discovery.folder / "strange_office" / "strange.yml"

    done = discovery.run(
        "source", "discover", url, "--sample", *DECIDED, "--system=strange", f"--output={path}"
    )

    assert done.exit_code == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    assert "name: 人员" in text
    refused = discovery.run("source", "check").exception
    assert isinstance(refused, CitybaseError)
    assert "leaves `connection.encoding` undecided" in refused.message
    assert "gb18030, utf-8 or latin1" in refused.remedy


def test_an_encoding_that_the_database_vouches_for_itself_is_refused(
    schema: str, server: Server, house: House
) -> None:
    system = make_system({**CONNECTION, "encoding": "gb18030"}, {"people": COLUMNS})
    house.locate(system, server.reader)

    [failure] = house.extract(system).failures

    assert "its database is in UTF8 and keeps it" in failure.message
