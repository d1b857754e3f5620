"""From a URL to an open catalogue: the one place that reads URLs of every technology.

A URL holds a password: it stays in this call, and no message or fact repeats it. Keep out: what a
catalogue says.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from citybase.errors import SourceError
from sources.discover.found import Catalogue
from sources.discover.mysql import MysqlCatalogue
from sources.discover.postgresql import PostgresCatalogue
from sources.discover.sqlite import SqliteCatalogue

ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
FORMS = (
    "postgresql://reader:password@host:5432/database, mysql://reader:password@host:3306/database, "
    "sqlite:///path/of/the/file.db, or the name of an environment variable that holds one"
)


def located(text: str, environment: Mapping[str, str]) -> str:
    """The URL: the text itself, or what the environment variable of that name holds.

    Raises SourceError when no variable of that name is set.
    """
    text = text.strip()
    if not ENVIRONMENT_NAME.fullmatch(text):
        return text
    if not environment.get(text):
        raise SourceError(
            f"{text} is not set.", remedy=f"Set it, or write the URL itself: {FORMS}."
        )
    return environment[text]


def open_catalogue(url: str, *, schema: str | None = None) -> Catalogue:
    """Open the database read-only, to be looked at. ``schema`` is for databases with several.

    Raises:
        SourceError: no technology reads such a URL, or the database cannot be opened.
    """
    scheme = url.partition(":")[0].lower()
    if scheme in {"postgresql", "postgres"} or re.search(r"\b(dbname|host)\s*=", url):
        return PostgresCatalogue(url, schema=schema)
    if scheme in {"mysql", "mariadb"}:
        return MysqlCatalogue(url, schema=schema)
    path = sqlite_path(url)
    if path is None:
        raise SourceError(_nothing_there(url), remedy=f"Write {FORMS}.")
    if schema is not None:
        raise SourceError("A SQLite file has no schemas.", remedy="Leave --schema out.")
    return SqliteCatalogue(path)


def _nothing_there(text: str) -> str:
    """Why it leads nowhere; the text itself is repeated only where it cannot hold a password."""
    if "://" in text:
        return "No connector reads this URL."
    if "@" in text or "=" in text:
        return "This is no URL, and no file."
    return f"{text} is a folder." if Path(text).is_dir() else f"There is no file {text}."


def sqlite_path(url: str) -> Path | None:
    """The file of `sqlite:///relative`, `sqlite:////absolute`, `sqlite:path` or a bare path."""
    if url.startswith("sqlite:"):
        rest = url.removeprefix("sqlite:")
        if not rest.startswith("///"):
            return Path(rest.removeprefix("//"))
        relative = Path(rest.removeprefix("///"))
        # Three slashes before an absolute path are what many people write.
        return relative if relative.exists() else Path(rest.removeprefix("//"))
    path = Path(url)
    return path if path.is_file() else None
