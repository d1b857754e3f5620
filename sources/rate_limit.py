"""How fast a department lets its database be read, as its registry file says it.

Keep out: how that is held to (``pace.py``).
"""

from typing import Annotated

from pydantic import Field, model_validator

from sources.closed import Closed, UnfitError


class RateLimit(Closed):
    """How fast a database may be read. ``rows_per_second`` counts rows of every read and of its
    log; ``seconds_between_pulls`` is how long the highway waits between two pulls.
    """

    # Fewer, and a server would take the pauses between two blocks for a reader that is gone.
    rows_per_second: Annotated[int | None, Field(ge=100, le=10_000_000)] = None
    seconds_between_pulls: Annotated[int | None, Field(ge=30, le=86_400)] = None

    @model_validator(mode="after")
    def _something_is_limited(self) -> "RateLimit":
        if self.rows_per_second is None and self.seconds_between_pulls is None:
            raise UnfitError(
                "`rate_limit:` limits nothing",
                remedy="Write `rows_per_second:` or `seconds_between_pulls:` in it, or take it "
                "out.",
            )
        return self
