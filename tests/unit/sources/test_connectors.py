"""A source without a location is answered with what to set, and with the city where it may help."""

import pytest

from citybase.errors import SourceError
from sources.connectors import open_source
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.unit

SYSTEM = make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}, code="museum")


@pytest.mark.parametrize("has_city", [True, False])
def test_only_where_no_city_stands_is_one_proposed(*, has_city: bool) -> None:
    with pytest.raises(SourceError, match="SOURCE_MUSEUM is not set") as refused:
        open_source(SYSTEM, {}, has_city=has_city)
    assert refused.value.remedy.startswith("Set SOURCE_MUSEUM to the path of its file: docs/")
    assert ("city create" in refused.value.remedy) is not has_city
