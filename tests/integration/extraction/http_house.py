"""A small interface on loopback that answers with JSON, and misbehaves as a test tells it to."""

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TOKEN = "geheim-geheim"
PAGE = 2


@dataclass
class Reply:
    """What one request is answered with instead of the list."""

    status: int = 200
    body: bytes | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    # So many bytes of the body fewer than the header promises.
    short: int = 0
    hangs: float = 0.0


@dataclass
class Interface:
    """A table of somebody's program: rows by key, and the log of their changes.

    ``replies`` are given first, one to a request; ``meanwhile`` is called before each request with
    its number, as somebody who writes between two pages.
    """

    url: str
    rows: dict[int, dict[str, object]] = field(default_factory=dict)
    log: list[dict[str, object]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    meanwhile: Callable[[int], None] | None = None
    by_token: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)

    def put(self, key: int, name: object, **more: object) -> None:
        self.rows[key] = {"id": key, "name": name, **more}
        self.log.append(self.rows[key])

    def delete(self, key: int) -> None:
        if self.rows.pop(key, None) is not None:
            self.log.append({"id": key, "gone": True})

    def names(self) -> dict[object, object]:
        return {key: row["name"] for key, row in self.rows.items()}

    def answer(self, asked: dict[str, str]) -> dict[str, object]:
        # The newest row first: whoever writes moves all that comes after.
        found = sorted(self.rows.values(), key=lambda row: -int(str(row["id"])))
        if "since" in asked:
            found = self.log[int(asked["since"]) :]
        begin = int(asked.get("after") or (int(asked.get("page", 1)) - 1) * PAGE)
        page = found[begin : begin + PAGE]
        is_last = begin + PAGE >= len(found)
        answer: dict[str, object] = {
            "data": {"list": page, "total": len(found)},
            "until": len(self.log),
        }
        if self.by_token:
            answer["next"] = None if is_last else str(begin + PAGE)
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    interface: Interface


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        interface = self.server.interface
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        interface.asked.append(asked)
        interface.tokens.append(self.headers.get("Authorization"))
        if interface.meanwhile is not None:
            interface.meanwhile(len(interface.asked))
        if interface.replies:
            self._give(interface.replies.pop(0))
        else:
            body = json.dumps(interface.answer(asked), ensure_ascii=False)
            self._give(Reply(body=body, headers={"Content-Type": "application/json"}))

    def _give(self, reply: Reply) -> None:
        if reply.hangs:
            self.server.interface.hanging.wait(reply.hangs)
        body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + reply.short))
        self.end_headers()
        self.wfile.write(body)
        if reply.short:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Interface]:
    """A running interface; with a certificate (and its key, in one file) over TLS."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    interface = Interface(f"{scheme}://127.0.0.1:{server.server_port}/api")
    server.interface = interface
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield interface
    finally:
        interface.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(folder: Path) -> Path:
    """A certificate that nobody but itself vouches for, with its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate
