"""The highway: every log captured and every pull made in time, in one long-running process.

One thread per log system, one each for pulls, compaction and the health endpoint. Keep out: what a
thread does (``worker.py``, ``pulls.py``), what is said of it (``status.py``), and Dagster, which is
told through ``on_landed``.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from citybase.lock import held
from citybase.settings import Settings, source_environment
from citybase.store import open_store
from sources import ledger
from sources.contract import System
from sources.highway.captures import log_systems
from sources.highway.compactor import Compactor
from sources.highway.health import serve_health
from sources.highway.micro_batch import Landed
from sources.highway.pulls import Puller
from sources.highway.status import HighwayStatus, describe
from sources.highway.worker import Worker
from sources.registry import Registry
from sources.stand_in import as_located

OnLanded = Callable[[System, Mapping[str, int]], None]


class Highway:
    """The service of one installation."""

    def __init__(
        self, settings: Settings, registry: Registry, *, on_landed: OnLanded | None = None
    ) -> None:
        """``on_landed`` is told the system and, per table, the rows that have just landed."""
        self._settings, self._registry = settings, registry
        self._on_landed = on_landed or (lambda _system, _tables: None)
        self._stop = threading.Event()
        self._engine = open_store(settings)
        self._begun_at: datetime = ledger.now()
        environment = source_environment(settings)
        located = tuple(as_located(system, environment) for system in registry.systems)
        self._workers = [
            Worker(settings, self._engine, system, stop=self._stop, on_landed=self._landed)
            for system in log_systems(located)
        ]
        self._compactor = Compactor(settings, self._engine, registry, stop=self._stop)
        self._puller = Puller(settings, registry, stop=self._stop, on_landed=self._on_landed)

    def stop(self) -> None:
        """Let every thread end what it is landing, and then itself. May be called by a signal."""
        self._stop.set()

    def status(self) -> HighwayStatus:
        """How everything stands at this moment."""
        return describe(
            self._engine,
            [worker.state for worker in self._workers],
            self._puller.state,
            compaction_error=self._compactor.error,
            begun_at=self._begun_at,
        )

    @contextmanager
    def started(self) -> Iterator[None]:
        """Run while the block runs.

        Raises:
            LockedError: this installation has a highway already.
        """
        with (
            held(
                self._settings.home / "highway.lock",
                "citybase highway run",
                what="the highway",
                remedy="It runs already: `citybase highway status` shows how.",
            ),
            serve_health(self._settings, self.status),
        ):
            threads = [
                threading.Thread(target=one.run, name=one.state.system_code)
                for one in self._workers
            ]
            threads.append(threading.Thread(target=self._puller.run, name="pulls"))
            threads.append(threading.Thread(target=self._compactor.run, name="compaction"))
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                self.stop()
                for thread in threads:
                    thread.join()
                self._engine.dispose()

    def wait(self, seconds: float) -> bool:
        """Wait so long for somebody to tell the service to stop; whether somebody did."""
        return self._stop.wait(seconds)

    def _landed(self, system: System, landed: Landed) -> None:
        self._on_landed(system, {code: rows for code, rows, _ in landed.by_table})
