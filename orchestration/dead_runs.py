"""Runs whose process was killed: Dagster goes on believing that they are under way.

Such a run keeps its place in the pool for ever, and every later one would wait for it. A run of the
command line carries its process as a tag; whoever runs next buries those whose process is gone.
Keep out: runs that the Dagster UI started, which are its own to watch.
"""

import os
import socket
from pathlib import Path

import dagster as dg

PROCESS_TAG = "citybase/process"
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tag() -> dict[str, str]:
    """The tag of a run in this process."""
    return {PROCESS_TAG: f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"}


def bury_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End every run whose process is gone and give back its place in the pool; returns the ids."""
    buried = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY)):
        tag = run.tags.get(PROCESS_TAG)
        if tag is None or _lives(tag):
            continue
        instance.report_run_failed(run, f"Its process ({tag}) ended without a word.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        buried.append(run.run_id)
    return buried


def _lives(tag: str) -> bool:
    """Whether the process of a tag is there; of another machine's nobody here can say."""
    host, pid, started = tag.rsplit(" ", 2)
    return host != socket.gethostname() or _started(int(pid)) == started


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine did: numbers of processes come again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "gone"
    state, *fields = text.rpartition(")")[2].split()
    # One that was killed and that nobody has waited for does nothing any more.
    return "gone" if state == "Z" else fields[18]
