"""Extracts a system in a process of its own and says how much memory that took.

Reads JSON from standard input: ``system``, ``home``, ``location``. Writes JSON: ``failures`` and
``megabytes`` at most.
"""

import json
import os
import resource
import sys
from pathlib import Path

from citybase.settings import Settings
from sources.contract import System
from sources.extract import extract_system
from sources.registry import Registry


def main() -> None:
    asked = json.load(sys.stdin)
    system = System.model_validate(asked["system"])
    os.environ[system.connection.location_env] = asked["location"]
    result = extract_system(
        Settings(home=Path(asked["home"])), system.system, registry=Registry(systems=(system,))
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    json.dump({"failures": [one.message for one in result.failures], "megabytes": peak}, sys.stdout)


if __name__ == "__main__":
    main()
