"""The synthetic city: people, organisations and licences that never existed, as departments would
have written them down.

Add a module here when the city learns a new kind of fact (``population``, ``organisations``,
``licences``), a department writes something new (``records``, ``defects``) or a new technology has
to be filled (``deploy_*``). Keep out: anything the product needs for a real city. No model,
connector or check may import this package; what is true about the city reaches the score only
through ``truth.duckdb``.
"""

from sources.simulator.city import (
    CityReport,
    CityStatus,
    city_status,
    create_city,
    drop_city,
    start_city,
    stop_city,
    truth_path,
)
from sources.simulator.evolve import EvolveReport, evolve_city
from sources.simulator.plan import DEFAULT_TODAY, CityError, CityPlan

__all__ = [
    "DEFAULT_TODAY",
    "CityError",
    "CityPlan",
    "CityReport",
    "CityStatus",
    "EvolveReport",
    "city_status",
    "create_city",
    "drop_city",
    "evolve_city",
    "start_city",
    "stop_city",
    "truth_path",
]
