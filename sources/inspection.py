"""Compares sources with the registry without reading a row: is each table there, as declared?

Keep out: reading data (``extract.py``).
"""

from citybase.errors import CitybaseError
from citybase.settings import Settings, source_environment
from sources.connectors import open_source
from sources.contract import System
from sources.extract import Failure


def inspect_system(settings: Settings, system: System) -> tuple[Failure, ...]:
    """Open the system and inspect every table. One failure per table, or one for the system."""
    failures = []
    try:
        with open_source(
            system, source_environment(settings), has_city=settings.city_environment.exists()
        ) as session:
            for table in system.tables:
                try:
                    session.inspect(table)
                except CitybaseError as error:
                    failures.append(
                        Failure(system.system, table.table, error.message, error.remedy)
                    )
    except CitybaseError as error:
        failures.append(Failure(system.system, None, error.message, error.remedy))
    return tuple(failures)
