"""The health endpoint: what the highway says of itself, on this machine alone.

``GET /health`` answers with ``HighwayStatus`` as JSON: 200 when all is well, 503 when not. The port
is the system's choice; ``highway.json`` in the installation says it while the service runs. Keep
out: anything that changes something.
"""

import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from citybase.settings import Settings
from sources.highway.status import HighwayStatus

_LOOPBACK = "127.0.0.1"
_PATH = "/health"
_ANSWER_SECONDS = 5


@contextmanager
def serve_health(settings: Settings, status: Callable[[], HighwayStatus]) -> Iterator[int]:
    """Serve while the block runs; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != _PATH:
                self.send_error(404)
                return
            found = status()
            body = found.model_dump_json().encode()
            self.send_response(200 if found.healthy else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """Say nothing: whoever asks every second would fill the log."""

    server = ThreadingHTTPServer((_LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    note = _note(settings)
    note.write_text(json.dumps({"pid": os.getpid(), "port": server.server_port}), encoding="utf-8")
    try:
        yield server.server_port
    finally:
        note.unlink(missing_ok=True)
        server.shutdown()
        server.server_close()
        thread.join()


def ask_health(settings: Settings) -> HighwayStatus | None:
    """What the running highway of this installation says; None when none runs."""
    try:
        port = int(json.loads(_note(settings).read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError):
        return None
    url = f"http://{_LOOPBACK}:{port}{_PATH}"
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return None
    return HighwayStatus.model_validate_json(body)


def _note(settings: Settings) -> Path:
    return settings.home / "highway.json"
