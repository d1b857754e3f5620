"""Where things are: the project folder, the run-time home and the environment of the sources.

Add a path here when a second module needs it; nothing else builds paths under CITYBASE_HOME. Keep
out: anything that opens a file of the warehouse, and every secret (secrets are read from the
environment at the moment of use and are never stored here).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citybase.errors import SettingsError

HOME_VARIABLE = "CITYBASE_HOME"


def project_root() -> Path:
    """The folder that holds ``dbt_project/`` and ``sources/registry/``."""
    return Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Every path of one installation. All run-time state lives under ``home``."""

    home: Path

    @property
    def landing(self) -> Path:
        """Immutable Parquet segments, one folder per table."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file the models are built in. One writer at a time."""
        return self.home / "warehouse.duckdb"

    @property
    def warehouse_lock(self) -> Path:
        """The flock every opener of the warehouse takes."""
        return self.home / "warehouse.lock"

    @property
    def serving(self) -> Path:
        """Published, versioned, read-only files per audience."""
        return self.home / "serving"

    @property
    def ops(self) -> Path:
        """The operational store (SQLite): ledger, later the workflow of governance."""
        return self.home / "ops.db"

    @property
    def dagster_home(self) -> Path:
        """DAGSTER_HOME: runs, events, compute logs."""
        return self.home / "dagster"

    @property
    def reports(self) -> Path:
        """Machine-readable results of commands, such as ``demo.json``."""
        return self.home / "reports"

    @property
    def scratch(self) -> Path:
        """Spill and half-written files; may be emptied whenever nothing runs."""
        return self.home / "scratch"

    @property
    def keys(self) -> Path:
        """Generated keys (file mode 0600). Back them up apart from the data."""
        return self.home / "keys"

    @property
    def city(self) -> Path:
        """The synthetic city: its servers, files, truth and environment."""
        return self.home / "city"

    @property
    def city_environment(self) -> Path:
        """``NAME=value`` lines that locate the synthetic city's source systems."""
        return self.city / "sources.env"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment: CITYBASE_HOME, default ``var/`` in the project folder."""
    env = os.environ if environ is None else environ
    home = Path(env.get(HOME_VARIABLE) or project_root() / "var")
    if not home.is_absolute():
        home = Path.cwd() / home
    return Settings(home=home)


def source_environment(
    settings: Settings, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment in which source locations are looked up.

    Real environment variables win over the synthetic city's file, so a real system can replace one
    of its systems.

    Raises:
        SettingsError: a line of the city's file is not ``NAME=value``.
    """
    found: dict[str, str] = {}
    path = settings.city_environment
    if path.exists():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, separator, value = line.partition("=")
            if not separator:
                raise SettingsError(
                    f"{path}:{number} is not NAME=value.",
                    remedy="Run `citybase city create` again to write the file anew.",
                )
            found[name.strip()] = value.strip()
    found.update(os.environ if environ is None else environ)
    return found
