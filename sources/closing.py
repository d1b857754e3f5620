"""Things that are held open until a block is left: one wording of what a `with` does.

Derive from ``Closing`` and write ``close``. Keep out: what is open, and how it is left.
"""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something that is left when its block is, whatever happened in it."""

    @abstractmethod
    def close(self) -> None:
        """Leave it."""

    def __enter__(self) -> Self:
        """The thing itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave it, whatever happened."""
        self.close()
