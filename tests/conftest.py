"""Options of the whole suite, and which tests share a worker. Keep out: fixtures, which belong to
the folder that uses them.
"""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Each folder in here has an installation of its own, which takes minutes to make.
_INSTALLATIONS = PurePosixPath("tests/pipeline")
# Folders whose modules read one city in memory.
_CITIES = (PurePosixPath("tests/unit/simulator"),)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="write the committed snapshots anew instead of comparing with them; look at the diff",
    )


@pytest.fixture(scope="session")
def renew_snapshots(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--renew-snapshots"))


class ByInstallation(LoadFileScheduling):
    """A file stays with one worker, and so do all files of one installation or city, so that what
    they share is made once.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(super()._split_scope(nodeid))
        is_shared = file.parent in _CITIES or _INSTALLATIONS in file.parent.parents
        return str(file.parent if is_shared else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByInstallation:
    return ByInstallation(config, log)
