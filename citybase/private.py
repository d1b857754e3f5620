"""Who may read what is under CITYBASE_HOME: its owner alone, except what is published to all.

Called at the start of every process that writes there. Add here a path that others must pass. Keep
out: what the published folders look like (``serving/versions.py``).
"""

import contextlib
import os
from pathlib import Path

from citybase.settings import Settings

UMASK = 0o077
PASSABLE = 0o711
"""Others may pass to what they are shown further down, and list nothing."""


def make_private(settings: Settings) -> None:
    """Make every new file of this process private, and those an older citybase left open.

    Files of another owner stay as they are: his own citybase sees to them.
    """
    os.umask(UMASK)
    home, city, serving = settings.home, settings.city, settings.serving
    for folder in (home, city):
        for path in folder.glob("*"):
            if path not in (city, serving) and not path.is_symlink():
                _restrict(path)
    for folder in (home, city):
        # The city's PostgreSQL runs as another user when root starts it.
        _chmod(folder, PASSABLE)


def _restrict(path: Path) -> None:
    with contextlib.suppress(OSError):
        _chmod(path, path.stat().st_mode & 0o700)


def _chmod(path: Path, mode: int) -> None:
    with contextlib.suppress(OSError):
        if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o7777 != mode & 0o7777:
            path.chmod(mode & 0o7777)
