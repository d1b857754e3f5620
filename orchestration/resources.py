"""What assets are handed: the installation they work on. Secrets are never a resource."""

from pathlib import Path

import dagster as dg

from citybase.settings import Settings


class CitybaseHome(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The folder of one installation (``CITYBASE_HOME``)."""

    path: str

    def settings(self) -> Settings:
        """Every path below it."""
        return Settings(home=Path(self.path))
