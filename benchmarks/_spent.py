"""What a step of a measurement takes, as the system counts it: CPU, wall clock, memory.

The leading underscore keeps it out of what `citybase bench` offers. Keep out: any one measurement.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """CPU and wall seconds of a step, its process and its children at their highest together in MB,
    and what it returned. Starting Python and importing modules is only in the memory.
    """

    cpu_s: float
    seconds: float
    rss_mb: int
    result: int


def in_own_process(step: Callable[..., int], *arguments: object) -> Spent:
    """Run a step in a process of its own; an error of the step is raised here.

    ``step`` is a function of a module; what it prints goes to the error stream.
    """
    context = get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_aside) as pool:
        return pool.submit(counted, step, *arguments).result()


def counted(step: Callable[..., int], *arguments: object) -> Spent:
    """Run a step here. Its memory is that of the process up to now, and of its largest child."""
    begun, cpu = time.monotonic(), own_cpu()
    result = step(*arguments)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Spent(
        cpu_s=own_cpu() - cpu,
        seconds=time.monotonic() - begun,
        rss_mb=round(sum(one.ru_maxrss for one in used) / 1024),
        result=result,
    )


def own_cpu() -> float:
    """CPU seconds of this process, and of those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def server_cpu(pid: int) -> float:
    """CPU seconds of a server: its process, those it has buried, and those that live."""
    while True:
        own = _fields(pid)[11:15]
        children = [_ticks_of_child(int(path.name), pid) for path in _processes()]
        # A worker that ends moves from its own line into the server's: then count again.
        if _fields(pid)[13:15] == own[2:] and None not in children:
            return sum([*own, *(ticks or 0 for ticks in children)]) / os.sysconf("SC_CLK_TCK")
        time.sleep(0.01)


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _ticks_of_child(pid: int, parent: int) -> int | None:
    """What a process took if it is a child of the parent, else 0; None for one that is ending."""
    try:
        fields = _fields(pid)
    except OSError:
        return 0
    if fields[1] != parent:
        return 0
    return None if fields[0] else sum(fields[11:15])


def _fields(pid: int) -> list[int]:
    """What /proc/<pid>/stat says after the name: [0] whether it is a zombie, [1] the parent, and
    [11:15] utime, stime, cutime and cstime in ticks (proc(5)).
    """
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    state, *numbers = text.rpartition(")")[2].split()
    return [int(state == "Z"), *map(int, numbers)]


def _aside() -> None:
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
