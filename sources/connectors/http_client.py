"""One request of a JSON interface: retried, bounded, and without a secret in any message.

Everything that is asked of an interface goes through ``HttpClient.get``; what slows requests down
belongs there. Keep out: what an answer says (``http_answer.py``) and which pages are asked for
(``http_pages.py``).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, LocationParseError, MaxRetryError, SSLError
from urllib3.util import Retry, Timeout, Url, parse_url

# The pauses grow from one second to half a minute, each with some jitter; a server may ask for
# five minutes.
RETRIES = 6
BACKOFF_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 30.0
RETRY_AFTER_MAX_SECONDS = 300
_RETRIED = frozenset({429, 500, 502, 503, 504})
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
# One answer, drop by drop.
ANSWER_SECONDS = 600.0
MAX_ANSWER_BYTES = 64 << 20
_BLOCK = 1 << 16


class RequestError(Exception):
    """An interface does not answer as it should; the text is the end of a sentence."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        """``remedy`` says what to do next; whom to ask is added by who knows the system."""
        super().__init__(problem)
        self.remedy = remedy


@dataclass(frozen=True)
class Answer:
    """A body that came with status 200. ``url`` is shown to people: it has no secret."""

    url: str
    content_type: str
    body: bytes


class HttpClient:
    """A connection to one interface. TLS certificates are verified."""

    def __init__(self, location: str, *, token: str | None) -> None:
        """``location`` is the base URL; what its query says is sent with every request.

        Raises:
            RequestError: it is no URL of http or https.
        """
        try:
            self._base = parse_url(location)
        except LocationParseError:
            self._base = Url()
        if self._base.scheme not in {"http", "https"} or not self._base.host:
            raise RequestError(
                "has no base URL", remedy="It is written https://host/path, or http://."
            )
        self._headers = {"Accept": "application/json", "User-Agent": "citybase"}
        if self._base.auth:
            self._headers |= urllib3.make_headers(basic_auth=self._base.auth)
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            cert_reqs="CERT_REQUIRED",
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask for a path below the base URL; again after a pause where that may help.

        Raises:
            RequestError: there is no answer of status 200 and bounded size.
        """
        below, _, asked = path.partition("?")
        url = self._base._replace(
            auth=None, path=f"{(self._base.path or '').rstrip('/')}/{below.lstrip('/')}"
        )
        shown = url._replace(query=None, fragment=None).url
        query = "&".join(part for part in (self._base.query, asked, urlencode(parameters)) if part)
        target = url._replace(query=query or None, fragment=None).url
        policy = Retry(
            total=RETRIES,
            status_forcelist=_RETRIED,
            backoff_factor=BACKOFF_SECONDS,
            backoff_jitter=BACKOFF_SECONDS,
            backoff_max=BACKOFF_MAX_SECONDS,
            retry_after_max=RETRY_AFTER_MAX_SECONDS,
        )
        while True:
            response: urllib3.BaseHTTPResponse | None = None
            failure: HTTPError | None = None
            try:
                response = self._pool.request(
                    "GET", target, headers=self._headers, redirect=False, preload_content=False
                )
                if response.status not in _RETRIED:
                    return _judged(response, shown)
            except SSLError as error:
                raise RequestError(
                    f"is not trusted: {shown} has no certificate that this machine accepts",
                    remedy="Have it corrected, or set SSL_CERT_FILE to the certificates of the "
                    "city's own authority.",
                ) from error
            except HTTPError as error:
                failure = error
            finally:
                if response is not None:
                    response.close()
            try:
                policy = policy.increment("GET", shown, response=response, error=failure)
            except MaxRetryError:
                raise _given_up(shown, response, failure) from None
            _pause(policy, response)


def _judged(response: urllib3.BaseHTTPResponse, shown: str) -> Answer:
    if response.status != HTTPStatus.OK:
        raise _refused(response.status, shown)
    deadline = time.monotonic() + ANSWER_SECONDS
    blocks, size = [], 0
    for block in response.stream(_BLOCK):
        size += len(block)
        if size > MAX_ANSWER_BYTES:
            raise RequestError(
                f"answers with more than {MAX_ANSWER_BYTES >> 20} MiB at once: {shown}",
                remedy="Ask for smaller pages: `paging:` of the connection, `size:`.",
            )
        if time.monotonic() > deadline:
            raise RequestError(
                f"answers too slowly: {shown} took more than {ANSWER_SECONDS:.0f} seconds",
                remedy="Ask for smaller pages: `paging:` of the connection, `size:`.",
            )
        blocks.append(block)
    return Answer(shown, response.headers.get("Content-Type", ""), b"".join(blocks))


def _refused(status: int, shown: str) -> RequestError:
    if 300 <= status < 400:
        return RequestError(
            f"sends its readers elsewhere (status {status}): {shown}",
            remedy="Often that is a page to log in on: check the token, or write the URL it "
            "really has.",
        )
    if status in {401, 403}:
        return RequestError(
            f"refuses the token or the user (status {status}): {shown}",
            remedy="Have it renewed.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return RequestError(
            f"does not exist (status 404): {shown}",
            remedy="Correct `source:` of the table, or the base URL.",
        )
    return RequestError(f"answers with status {status}: {shown}", remedy="Ask what it means.")


def _given_up(
    shown: str, response: urllib3.BaseHTTPResponse | None, failure: HTTPError | None
) -> RequestError:
    # What urllib3 says of a failure may repeat the URL with its secrets: its kind is enough.
    why = (
        f"it answered with status {response.status}"
        if failure is None and response is not None
        else type(failure).__name__
    )
    return RequestError(
        f"cannot be read: {shown} was asked {RETRIES + 1} times, the last time {why}",
        remedy="Extract again when it is up.",
    )


def _pause(policy: Retry, response: urllib3.BaseHTTPResponse | None) -> None:
    try:
        policy.sleep(response)
    except InvalidHeader:
        policy.sleep()
