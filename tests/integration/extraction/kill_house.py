"""An extraction in a process of its own, which may be killed at any step."""

import subprocess
import sys

from sources.contract import System
from tests.integration.extraction.extraction_house import House

RUN = """
import importlib, os, signal, sys
from pathlib import Path
from citybase.settings import Settings
from sources.contract import System
from sources.extract import extract_system
from sources.registry import Registry

if sys.argv[3:]:
    when, where = sys.argv[3].split(" ")
    module, name = where.rsplit(".", 1)
    original = getattr(importlib.import_module(module), name)

    def deadly(*args, **kwargs):
        if when == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(importlib.import_module(module), name, deadly)

system = System.model_validate_json(sys.argv[2])
print("begin", flush=True)
result = extract_system(
    Settings(home=Path(sys.argv[1])), system.system, registry=Registry(systems=(system,))
)
assert not result.failures, result.failures
"""


def start(house: House, system: System, *death: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            RUN,
            str(house.settings.home),
            system.model_dump_json(by_alias=True),
            *death,
        ],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "begin"
    return process
