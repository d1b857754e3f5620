"""The errors citybase raises on purpose: each names the place and the remedy.

Add a class here when a new room needs one. Keep out: anything that formats for a terminal (the
command line does that) and any error that wraps a programming mistake (those should show their
traceback).
"""

from functools import partial
from typing import Self


class CitybaseError(Exception):
    """A failure an operator can mend.

    ``message`` says what is wrong and where; ``remedy`` says what to do next. The command line
    prints both and exits with 2.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        """Keep the two sentences apart, so that a program can show them apart."""
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[partial[Self], tuple[str]]:
        """Errors of another process arrive whole."""
        return partial(type(self), remedy=self.remedy), (self.message,)


class SettingsError(CitybaseError):
    """A setting or environment variable is missing or wrong."""


class RegistryError(CitybaseError):
    """A registry file breaks the contract; the message names file and line."""


class SourceError(CitybaseError):
    """A source system or one of its tables cannot be read; the message names system and table."""


class LockedError(CitybaseError):
    """Another process holds the warehouse; the message names the holder."""


class WarehouseError(CitybaseError):
    """The warehouse or the published files are not in the state the command needs."""


class IdentifierError(CitybaseError):
    """An identity number cannot be read, or cannot be given what was asked of it."""
