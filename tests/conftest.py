"""Options of the whole suite. Keep out: fixtures, which belong to the folder that uses them."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="write the committed snapshots anew instead of comparing with them; look at the diff",
    )


@pytest.fixture(scope="session")
def renew_snapshots(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--renew-snapshots"))
