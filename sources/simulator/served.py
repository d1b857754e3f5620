"""Which systems of the registry are the city's own, and what of their files it is made by.

Add a system here when the generator learns to fill it. Every other system of the registry is a real
one, beside the city: nothing here reads it, and a city is not made again because of it. Keep out:
how a system is filled (``records_*``, ``deploy_*``).
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from sources.registry import Registry
from sources.simulator.plan import CityError

SYSTEMS = frozenset(
    {
        "agriculture_licence", "assistance_register", "audited_unit", "basic_unit",
        "civil_licence", "civil_registry", "construction_licence", "culture_venue",
        "disability_licence", "disability_register", "discharge_permit", "education_licence",
        "enforcement_case", "enterprise_register", "finance_institution", "fire_inspection",
        "foreign_trade", "forest_right", "grassroots_register", "green_factory", "grid_feixian",
        "grid_hedong", "grid_junan", "grid_lanling", "grid_lanshan", "grid_linshu",
        "grid_luozhuang", "grid_mengyin", "grid_pingyi", "grid_tancheng", "grid_yinan",
        "grid_yishui", "hazardous_enterprise", "health_licence", "health_record",
        "high_tech_enterprise", "hotline", "house_contract", "household_register",
        "institution_register", "investment_project", "labour_licence", "land_licence",
        "legal_service", "licence_issuing", "lightning_inspection", "market_licence",
        "medical_insurance", "migrant_register", "penalty_record", "permit_register",
        "petition_case", "provident_fund", "religious_site", "rural_collective",
        "security_licence", "social_security", "sports_venue", "state_enterprise",
        "student_register", "subsidy_payment", "tax_register", "transport_licence",
        "transport_practitioner", "union_register", "veteran_register", "water_intake",
    }
)  # fmt: skip

# What a registry file says of the use of data, and not of the system that holds them.
_OF_USE: Any = {
    "owner": True,
    "network_domain": True,
    "tables": {
        "__all__": {
            "mode": True,
            "cursor": True,
            "overlap": True,
            "reconcile_hours": True,
            "update_cycle": True,
            "sharing": True,
            "openness": True,
            "modelled": True,
            "columns": {"__all__": {"sensitivity"}},
        }
    },
}
_SHOWN = 5


def served(registry: Registry) -> Registry:
    """The registry as far as the city fills its systems."""
    return Registry(
        systems=tuple(system for system in registry.systems if system.system in SYSTEMS),
        shapes=registry.shapes,
    )


def system_digests(registry: Registry) -> dict[str, str]:
    """Per system a digest of what in its registry file decides how the city fills it."""
    return {
        system.system: _digest(system.model_dump_json(exclude=_OF_USE))
        for system in registry.systems
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def refuse_other_registry(made_from: Mapping[str, str], registry: Registry) -> None:
    """Raise CityError, naming the systems, unless their files are those the city was made from."""
    now = system_digests(registry)
    changed = sorted(code for code in now.keys() & made_from.keys() if now[code] != made_from[code])
    differing = [
        f"{what} {', '.join(codes[:_SHOWN])}"
        + (f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else "")
        for what, codes in (
            ("changed:", changed),
            ("new:", sorted(now.keys() - made_from.keys())),
            ("gone:", sorted(made_from.keys() - now.keys())),
        )
        if codes
    ]
    if differing:
        raise CityError(
            "The city was made from other registry files than those that stand now"
            f" ({'; '.join(differing)}), so what would change in it cannot be known.",
            remedy="Take the change back, or run `citybase city drop` and `citybase city create`,"
            " then evolve it.",
        )
