"""What every part of the registry's contract is made of: closed models, and how they refuse.

Add here what several of its modules need. Keep out: what the registry says (``contract.py``,
``contract_http.py``, ``rate_limit.py``).
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


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
