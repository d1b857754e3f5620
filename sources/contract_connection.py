"""Where a system is and how it is reached, as its registry file says: a model per technology.

The place itself, with its password, stands in a variable of the environment that the model names.
Add a technology here and in ``Connection``. Keep out: interfaces that answer with JSON, which have
more to say (``contract_http.py``).
"""

from typing import Annotated, Literal

from pydantic import Field

from sources.closed import Closed, EnvironmentName, Text
from sources.contract_http import HttpConnection
from sources.rate_limit import RateLimit


class PostgresConnection(Closed):
    """A PostgreSQL database. The variable holds the whole connection string, password included.

    ``row_security: filter`` says that the department shares those rows alone which its policies let
    the reader see; left out, a table whose policies hide rows from the reader is refused.
    ``encoding`` is how the applications really write, where the database's own encoding takes any
    bytes (SQL_ASCII, LATIN1) or cannot be converted; left out, the server converts.
    """

    technology: Literal["postgresql"]
    location_env: EnvironmentName
    db_schema: Annotated[Text, Field(alias="schema")]
    row_security: Literal["refuse", "filter"] = "refuse"
    encoding: Literal["utf-8", "gb18030", "latin1"] | None = None
    rate_limit: RateLimit | None = None


class MysqlConnection(Closed):
    """A MySQL or MariaDB database. The variable holds a URL, password included.

    ``schema`` is the database; left out, the URL names it. ``latin1_holds`` says which encoding the
    applications really write into columns declared latin1; left out, only their ASCII texts land.
    """

    technology: Literal["mysql"]
    location_env: EnvironmentName
    db_schema: Annotated[Text | None, Field(alias="schema")] = None
    latin1_holds: Literal["latin1", "gbk", "utf8mb4"] | None = None
    rate_limit: RateLimit | None = None


class SqliteConnection(Closed):
    """A SQLite file. The variable holds its path."""

    technology: Literal["sqlite"]
    location_env: EnvironmentName


class CsvConnection(Closed):
    """A folder that receives CSV files. The variable holds its path."""

    technology: Literal["csv"]
    location_env: EnvironmentName
    encoding: Literal["utf-8", "gb18030"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class XlsxConnection(Closed):
    """A folder that receives Excel workbooks. The variable holds its path.

    ``sheet`` is the sheet's name, left out the only visible one that has the registry's columns;
    ``header_row`` the 1-based row of the header, left out the first row that names them all.
    """

    technology: Literal["xlsx"]
    location_env: EnvironmentName
    sheet: Text | None = None
    header_row: Annotated[int | None, Field(ge=1)] = None


Connection = Annotated[
    PostgresConnection
    | MysqlConnection
    | SqliteConnection
    | CsvConnection
    | XlsxConnection
    | HttpConnection,
    Field(discriminator="technology"),
]
