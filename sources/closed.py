"""What every part of the registry's contract is: closed, and refused with what to write instead.

Keep out: the parts themselves (``contract.py``, ``rate_limit.py``).
"""

from pydantic import BaseModel, ConfigDict


class UnfitError(ValueError):
    """Values that are each allowed and do not go together; pydantic collects such errors.

    ``message`` and ``remedy`` as in ``citybase.errors``: where it stands is known to the reader.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        """Keep the two sentences apart."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Closed(BaseModel):
    """Unknown keys are refused, facts do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
