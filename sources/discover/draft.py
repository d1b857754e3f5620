"""A registry file as far as a catalogue and a person's answers can write it.

What neither of them says stays a placeholder that `citybase source check` refuses; a table without
a key is kept apart with its reason, never dropped. Keep out: how it is written down
(``render.py``), and looking at the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from citybase.errors import RegistryError, SourceError
from sources.contract import Department
from sources.discover.classes import suggested_class
from sources.discover.codes import chinese_name, column_codes, system_code, table_codes
from sources.discover.fitting import fitted
from sources.discover.found import FoundColumn, FoundSource, FoundTable, PassedOver
from sources.discover.modes import later_mode
from sources.discover.vocabulary import CHINESE_BY_INITIALS
from sources.registry import load_registry
from sources.registry_file import PLACEHOLDER

VARIABLE_PREFIX = "CITYBASE_SOURCE_"
NO_KEY = "it has no primary key and no unique index over columns that are never null"
NO_KEY_OF_VIEW = "it is {kind}: only a person knows which columns tell its rows apart"
_GRANTS = {
    "postgresql": "grant usage on schema {schema} to …; "
    "grant select on all tables in schema {schema} to …",
    "mysql": "grant select on {schema}.* to …",
    "sqlite": "a file that holds tables or views",
}
_MAX_NAME = 60

# Per table, by its name in the source, what was sampled of each column.
Samples = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Answers:
    """What only a person knows; None stays a placeholder in the draft."""

    system: str | None = None
    name: str | None = None
    department: str | None = None
    department_name: str | None = None
    uscc: str | None = None
    owner: str | None = None
    phone: str | None = None
    county: str | None = None


@dataclass(frozen=True)
class DraftColumn:
    """A column in the form of the registry, and what a person should know about it."""

    facts: Mapping[str, object]
    remark: str | None


@dataclass(frozen=True)
class DraftTable:
    """A table in the form of the registry; ``obstacle`` says why it cannot be extracted yet, and
    ``wants_key`` that a person who names its key can take it.
    """

    facts: Mapping[str, object]
    columns: tuple[DraftColumn, ...]
    remarks: tuple[str, ...]
    obstacle: str | None
    wants_key: bool = False


@dataclass(frozen=True)
class Draft:
    """A whole registry file. ``head`` is everything but the tables."""

    head: Mapping[str, object]
    location_env: str
    tables: tuple[DraftTable, ...]
    passed_over: tuple[PassedOver, ...] = field(default=())

    @property
    def extractable(self) -> tuple[DraftTable, ...]:
        """The tables that extraction can take as they are."""
        return tuple(table for table in self.tables if table.obstacle is None)

    @property
    def left_out(self) -> tuple[DraftTable, ...]:
        """The tables that a person has to see to first."""
        return tuple(table for table in self.tables if table.obstacle is not None)

    @property
    def wanting_key(self) -> tuple[DraftTable, ...]:
        """Those among the left out that need nothing but a key: views, mostly."""
        return tuple(table for table in self.tables if table.wants_key)

    def facts(self) -> dict[str, object]:
        """The registry file as data, without the tables left out."""
        tables = [
            {**table.facts, "columns": [dict(column.facts) for column in table.columns]}
            for table in self.extractable
        ]
        return {**self.head, "tables": tables}


def drafted(
    found: FoundSource,
    *,
    answers: Answers,
    known: Department | None = None,
    samples: Samples | None = None,
) -> Draft:
    """Draft the registry file of a database. The same facts always give the same draft.

    ``known`` is what the registry already says about the department (``known_department``).

    Raises:
        SourceError: this user may read nothing there; the remedy says what to ask for.
    """
    _refuse_unreadable(found)
    system = answers.system or system_code(found.database) or "new_system"
    location_env = VARIABLE_PREFIX + system.upper()
    connection: dict[str, object] = {
        "technology": found.technology,
        "location_env": location_env,
    }
    if found.schema is not None:
        connection["schema"] = found.schema
    if found.worthless_encoding is not None:
        connection["encoding"] = _open(
            f"gb18030, utf-8 or latin1, whichever the applications write (the database, in "
            f"{found.worthless_encoding}, takes any bytes)"
        )
    head: dict[str, object] = {
        "system": system,
        "name": answers.name or _open("what people call the system"),
        "department": _department(answers, known),
        "level": "county" if answers.county else "city",
        **({"county": answers.county} if answers.county else {}),
        "network_domain": "administrative",
        "owner": {
            "name": answers.owner or _open("the desk that answers when something is wrong"),
            "phone": answers.phone or _open("its telephone"),
        },
        "connection": connection,
    }
    codes = table_codes(found.tables)
    tables = tuple(
        _table(found, table, code=code, sampled=(samples or {}).get(table.name, {}))
        for table, code in zip(found.tables, codes, strict=True)
    )
    return Draft(head, location_env, tables, found.passed_over)


def known_department(code: str) -> Department | None:
    """The department as the registry describes it; None when no file speaks of it."""
    try:
        systems = load_registry().systems
    except RegistryError:
        # Another unfinished draft may lie there: that is no reason to write none.
        return None
    return next((s.department for s in systems if s.department.code == code), None)


def _refuse_unreadable(found: FoundSource) -> None:
    if any(table.obstacle is None for table in found.tables):
        return
    place = found.database if found.schema is None else f"{found.database}, schema {found.schema},"
    first = next((f": {table.name}: {table.obstacle}" for table in found.tables), "")
    raise SourceError(
        f"{place} holds {len(found.tables)} tables and views, none of which can be read{first}.",
        remedy="Ask the department for: "
        f"{_GRANTS[found.technology].format(schema=found.schema)}. Then discover again.",
    )


def _department(answers: Answers, known: Department | None) -> dict[str, object]:
    return {
        "code": answers.department
        or _open("the department's code, which is also the folder's name, such as civil_affairs"),
        "name": answers.department_name
        or (known.name if known else _open("the department's full name")),
        "uscc": answers.uscc
        or (known.uscc if known else _open("the department's 统一社会信用代码, 18 characters")),
    }


def _open(question: str) -> str:
    return f"{PLACEHOLDER} {question}"


def _table(
    found: FoundSource, table: FoundTable, *, code: str, sampled: Mapping[str, Sequence[str]]
) -> DraftTable:
    codes = column_codes(table.columns)
    by_name = dict(zip((column.name for column in table.columns), codes, strict=True))
    columns = tuple(
        _column(
            fitted(column, sampled.get(column.name, ()), found.technology),
            code=code,
            is_key=column.name in table.key,
            values=sampled.get(column.name, ()),
        )
        for column, code in zip(table.columns, codes, strict=True)
    )
    wants_key = table.obstacle is None and not table.key
    missing = NO_KEY if table.kind is None else NO_KEY_OF_VIEW.format(kind=table.kind)
    facts: dict[str, object] = {
        "table": code,
        **({"source": table.name} if table.name != code else {}),
        "name": _name(table.comment, table.name),
        "keys": [by_name[name] for name in table.key]
        or [_open("the columns that together tell its rows apart")],
        "mode": "full",
        "update_cycle": "daily",
        "openness": "closed",
        "modelled": False,
        "sharing": {"type": "conditional", "condition": "依法履职需要,经数源部门授权后共享"},
    }
    remarks = [_size(table), later_mode(table, found.technology), table.note]
    return DraftTable(
        facts,
        columns,
        tuple(remark for remark in remarks if remark),
        obstacle=missing if wants_key else table.obstacle,
        wants_key=wants_key,
    )


def _column(column: FoundColumn, *, code: str, is_key: bool, values: Sequence[str]) -> DraftColumn:
    sensitivity, because = suggested_class(column, values=values)
    name = _name(column.comment, column.name)
    facts: dict[str, object] = {
        "column": code,
        **({"source": column.name} if column.name != code else {}),
        "name": name,
        "type": column.type,
        "nullable": column.nullable and not is_key,
        "class": sensitivity,
    }
    said = " ".join((column.comment or "").split())
    remarks = [said if said not in {"", name} else None, column.note, because]
    return DraftColumn(facts, "; ".join(remark for remark in remarks if remark) or None)


def _name(comment: str | None, name: str) -> str:
    """What people call it: the beginning of its comment, else what its initials mostly stand for,
    else its name.
    """
    said = chinese_name(comment) or " ".join((comment or "").split())
    return said[:_MAX_NAME] or CHINESE_BY_INITIALS.get(name.lower()) or name


def _size(table: FoundTable) -> str | None:
    parts = f" in {table.partitions} partitions" if table.partitions else ""
    if table.rows is None:
        return f"nobody knows how many rows{parts}"
    how = {"counted": "", "estimated": "about ", "at least": "at least "}[table.rows_are]
    return f"{how}{table.rows:,} rows{parts}"
