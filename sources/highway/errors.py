"""What can go wrong with a change stream, by what helps: to connect again, a person, a snapshot.

The service decides by these classes alone whether it tries again. Add a class when a failure needs
another answer. Keep out: the wording, which names system and table where they are known.
"""

from citybase.errors import SourceError


class StreamInterruptedError(SourceError):
    """The connection ended; connecting again at the committed position loses nothing."""


class CaptureRefusedError(SourceError):
    """The source is not set up for capture; somebody has to change it or the registry first."""


class PositionLostError(SourceError):
    """The source no longer has the changes since our position; only a new snapshot is complete."""
