"""Puts the figures of all libraries together, over any connection or over what is published."""

import datetime as dt
from pathlib import Path

import duckdb

from citybase.duck import literal
from citybase.errors import WarehouseError
from citybase.score.defect_legal_entity import score_legal_entity_defects
from citybase.score.defect_licence import score_licence_defects
from citybase.score.defect_population import score_population_defects
from citybase.score.figure import Score
from citybase.score.kinship import score_kinship
from citybase.score.legal_entity import score_legal_entity
from citybase.score.licence import score_licence
from citybase.score.person_event import score_person_event
from citybase.score.population import score_population
from citybase.serving.open import open_library
from citybase.settings import Settings
from sources.simulator import truth_path

_TRUTH = "city_truth"


def score(connection: duckdb.DuckDBPyConnection, truth: Path, as_of: dt.date) -> Score:
    """Compare the libraries attached to a connection with the truth of the synthetic city.

    ``connection`` has the catalogs ``population``, ``legal_entity`` and ``licence``; the truth is
    attached to it read-only for the time of the comparison. ``as_of`` is the day the libraries'
    states are computed for.

    Raises:
        WarehouseError: there is no truth.
    """
    if not truth.exists():
        raise WarehouseError(
            f"There is no truth in {truth}: a real city has none.",
            remedy="Make a synthetic city: `citybase city create`.",
        )
    connection.execute(f"attach {literal(str(truth))} as {_TRUTH} (read_only)")
    try:
        return Score(
            figures=(
                *score_population(connection),
                *score_person_event(connection),
                *score_kinship(connection),
                *score_legal_entity(connection),
                *score_licence(connection, as_of),
            ),
            defects=(
                *score_population_defects(connection),
                *score_legal_entity_defects(connection),
                *score_licence_defects(connection),
            ),
        )
    finally:
        connection.execute(f"detach {_TRUTH}")


def score_published(settings: Settings) -> Score:
    """Score what is published to the stewards now, on the day of its build.

    Raises:
        WarehouseError: nothing is published, the build has no day, or there is no truth.
    """
    connection = open_library(settings, "steward")
    try:
        row = connection.execute("select max(as_of_date) from shared.build").fetchone()
        if row is None or row[0] is None:
            raise WarehouseError(
                "The published build does not say its day.",
                remedy="Build and publish again: `citybase build`.",
            )
        return score(connection, truth_path(settings), row[0])
    finally:
        connection.close()
