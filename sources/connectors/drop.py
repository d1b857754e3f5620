"""Folders that receive files: the newest delivery of a table is its whole content.

A table's ``source:`` is the pattern of its file names; of several the last by name counts, so names
carry the date. In mode ``file_drop`` every one of them counts (``modes/file_drop.py``). Add here
what all file technologies share. Keep out: what is in the files.
"""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from citybase.errors import SourceError
from sources.connectors.base import Reading, Session, Window
from sources.connectors.transcribe import UnreadableFileError
from sources.contract import System, Table

# What Excel and copying programs keep beside a file that they are writing.
_BESIDE = ("~$", ".")


class UnfinishedFileError(SourceError):
    """A file changed while it was read: somebody is still writing it."""


class DropSession(Session):
    """One drop folder."""

    unreadable_remedy: str

    def __init__(self, system: System, folder: Path) -> None:
        """Check that the folder is there. Raises SourceError when it is not."""
        super().__init__(system, str(folder))
        self._folder = folder
        if not folder.is_dir():
            raise self.system_error(f"has no folder {folder}")

    def close(self) -> None:
        """Nothing is open between two reads."""

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message; the path of a folder is no secret."""
        return text.strip().splitlines()[0][:300] if text.strip() else "no message"

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,  # noqa: ARG002
        work: Path,
        window: Window | None = None,  # noqa: ARG002
    ) -> Reading:
        """See ``Session.read``."""
        return self.read_file(table, self.newest(table), work=work)

    @abstractmethod
    def read_file(self, table: Table, file: Path, *, work: Path) -> Reading:
        """Prepare the read of one delivery, as ``Session.read`` does of the newest.

        Raises:
            UnfinishedFileError: it changes meanwhile.
            SourceError: it cannot be read or does not fit the registry.
        """

    def deliveries(self, table: Table) -> list[Path]:
        """Every file that the table's pattern means, by name."""
        found = self._folder.glob(table.source_name)
        return sorted(p for p in found if p.is_file() and not p.name.startswith(_BESIDE))

    def newest(self, table: Table) -> Path:
        """The delivery that counts. Raises SourceError when there is none."""
        files = self.deliveries(table)
        if not files:
            others = sum(1 for path in self._folder.iterdir() if path.is_file())
            raise self.table_error(
                table,
                f"has no file in {self._folder} (which holds {others} files of other names)",
                remedy=f"Have the file delivered, or correct the pattern in `source:`. "
                f"{self.owner}",
            )
        return files[-1]

    @contextmanager
    def readable(self, table: Table, file: Path) -> Iterator[None]:
        """Say in one sentence why a file cannot be read."""
        try:
            yield
        except UnreadableFileError as error:
            raise self.table_error(
                table,
                f"cannot be read: {file.name} {error}",
                remedy=f"{self.unreadable_remedy} {self.owner}",
            ) from None
        except OSError as error:
            raise self.table_error(
                table,
                f"cannot be read: {file.name}: {error.strerror}",
                remedy="Make the file readable for this user.",
            ) from None

    @contextmanager
    def unchanged(self, table: Table, file: Path) -> Iterator[dict[str, str]]:
        """Refuse a file that changes while it is read; yields what the ledger keeps of it."""
        before = file.stat()
        yield {
            "file": file.name,
            "bytes": str(before.st_size),
            "modified_at": datetime.fromtimestamp(before.st_mtime, UTC).isoformat(),
        }
        after = file.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise self.unfinished(table, file)

    def unfinished(self, table: Table, file: Path) -> UnfinishedFileError:
        """A file that changed while it was read."""
        error = self.table_error(
            table,
            f"is still being written: {file.name} changed while it was read",
            remedy="Extract again when the delivery is complete.",
        )
        return UnfinishedFileError(error.message, remedy=error.remedy)

    def refuse_twice(self, table: Table, file: Path, names: list[str]) -> None:
        """Raise SourceError when a header has a name twice."""
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise self.twice(table, file, twice[0])

    def twice(self, table: Table, file: Path, name: str) -> SourceError:
        """The header has a column that is needed once."""
        return self.table_error(
            table,
            f"has column {name or '(no name)'} twice in the header of {file.name}",
            remedy=f"Have it delivered with each column once. {self.owner}",
        )
