"""citybase's own source: the identity register, landed from the build that minted its keys.

A key is minted in the warehouse (materialization `register`) and lands here before anything that
carries it is published, so that a warehouse rebuilt from landing gives everyone his old key. Keep
out: minting, and anything that reads a register (dbt does).
"""

from dataclasses import dataclass

from citybase.duck import connect, quoted
from citybase.lock import warehouse_lock
from citybase.settings import Settings
from sources.append import append_rows

SYSTEM = "identity_register"


@dataclass(frozen=True)
class Register:
    """One register: its landed table, and the model of which library mints for it."""

    table_code: str
    library: str
    model: str
    name: str


REGISTERS = (
    Register("person", "population", "int_population__identity_register", "自然人"),
    Register("organisation", "legal_entity", "int_legal_entity__identity_register", "法人"),
    Register("licence", "licence", "int_licence__identity_register", "证照"),
)


def land_register(settings: Settings, register: Register) -> int:
    """Append to landing what the register in the warehouse holds and landing does not; return how
    many rows that were.

    Raises:
        LockedError: another process holds the warehouse.
        WarehouseError: a key has landed before for somebody else.
    """
    minted = f"intermediate.{quoted(register.model)}"
    landed = f"raw.{quoted(f'{SYSTEM}__{register.table_code}')}"
    with (
        warehouse_lock(settings, f"land identity register {register.table_code}"),
        connect(settings.warehouse, scratch=settings.scratch) as warehouse,
    ):
        receipt = append_rows(
            settings,
            system_code=SYSTEM,
            table_code=register.table_code,
            connection=warehouse,
            # The views of `raw` stand at the cut: what they lack was written after it. An entry
            # that landed otherwise goes along, to be refused.
            query=f"""
                select minted.*
                from {minted} as minted
                left join {landed} as landed on minted.entry_no = landed.entry_no
                where landed.entry_no is null
                    or landed.key <> minted.key
                    or landed.anchor is distinct from minted.anchor
                order by minted.entry_no
            """,
        )
    return 0 if receipt is None else receipt.rows_landed
