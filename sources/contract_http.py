"""How an interface that answers with JSON is asked, as its registry file says it.

Add a key here when interfaces differ in one more way. Keep out: who asks (``connectors/http*.py``).
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sources.closed import Closed, EnvironmentName, Text, UnfitError

# Where in a JSON answer something stands: the names that lead to it, joined by dots.
AnswerPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]


class HttpPaging(Closed):
    """How a list comes in pages.

    ``parameter`` of the query says which page: a number from ``first`` on or, with ``next``, what
    stood there in the answer before. ``size`` is asked for as ``size_parameter``. ``steady`` says
    that the department vouches for pages that do not shift while they are being read.
    """

    parameter: Text
    next: AnswerPath | None = None
    first: Annotated[int, Field(ge=0)] = 1
    size_parameter: Text | None = None
    size: Annotated[int | None, Field(ge=1)] = None
    steady: bool = False

    @model_validator(mode="after")
    def _size_is_whole(self) -> "HttpPaging":
        if (self.size is None) != (self.size_parameter is None):
            raise UnfitError(
                "`size:` and `size_parameter:` are written together",
                remedy="Write both, or neither.",
            )
        return self


class HttpSince(Closed):
    """How changes alone are asked for: ``parameter`` of the query is the token that stood at
    ``answer`` in the answer before.
    """

    parameter: Text
    answer: AnswerPath


class HttpConnection(Closed):
    """An interface that answers with JSON. The variable holds its base URL; the one of
    ``token_env`` a bearer token.

    ``records`` is where the list stands in an answer, left out the answer is the list; ``total``
    where the number of all its records does, and ``snapshot`` where something does that changes
    with every write.
    """

    technology: Literal["http"]
    location_env: EnvironmentName
    token_env: EnvironmentName | None = None
    records: AnswerPath | None = None
    total: AnswerPath | None = None
    snapshot: AnswerPath | None = None
    paging: HttpPaging | None = None
    since: HttpSince | None = None
