"""What each published table is made of: warehouse × declaration × audience, as plain facts.

Everything that decides the content of a table stands in ``TablePlan``, so that the plan, together
with the rows it selects, is the table's fingerprint. Add here what a published table needs to know
about itself. Keep out: files and folders (``library_file.py``, ``versions.py``).
"""

from dataclasses import dataclass

import duckdb

from citybase.duck import literal, quoted
from citybase.errors import WarehouseError
from citybase.serving.audience import Audience
from citybase.serving.declaration import ColumnRule, Model, refuse_unclassed
from citybase.serving.masks import (
    NOTES,
    MaskContext,
    MaskKind,
    Region,
    accepts,
    mask_sql,
    organisation_condition,
    published_name,
)
from citybase.serving.warehouse import (
    Relation,
    Relations,
    WarehouseColumn,
    qualified,
    read_regions,
)

_ORGANISATIONS = ("library", "lib_legal_entity__entity_organisation")
_NOT_MASKED_IN_EVERY_ROW = ("identifying", "sensitive")


@dataclass(frozen=True)
class PublishedColumn:
    """A column as it is published: ``expression`` yields it from the warehouse's row."""

    name: str
    expression: str
    comment: str | None
    is_plain: bool


@dataclass(frozen=True)
class TablePlan:
    """A table as it is published."""

    file: str
    table: str
    source: str
    columns: tuple[PublishedColumn, ...]
    comment: str | None
    order_by: tuple[str, ...]

    @property
    def rows_sql(self) -> str:
        """The published rows, in no order."""
        listed = ", ".join(f"{c.expression} as {quoted(c.name)}" for c in self.columns)
        return f"select {listed} from {self.source}"

    @property
    def sorted_sql(self) -> str:
        """The published rows, sorted by the lookup key."""
        if not self.order_by:
            return self.rows_sql
        keys = ", ".join(quoted(name) for name in self.order_by)
        return f"select * from ({self.rows_sql}) order by {keys}"


def check_complete(models: tuple[Model, ...], relations: Relations) -> None:
    """Refuse a warehouse that lacks a declared model, and a column that has no class.

    Raises:
        WarehouseError: the message names the model, and the column with what to write.
    """
    missing = [m.name for m in models if (m.schema, m.name) not in relations]
    if missing or not models:
        what = ", ".join(missing) or "any model of the schemas library, quality and mart"
        raise WarehouseError(
            f"The warehouse does not hold {what}.",
            remedy="Run `citybase build` to the end, then publish again.",
        )
    refuse_unclassed(
        [
            (model.name, column.name)
            for model in models
            for column in relations[model.schema, model.name].columns
            if not _is_bookkeeping(column.name) and _rule(model, column.name) is None
        ]
    )


def plan_tables(
    connection: duckdb.DuckDBPyConnection,
    *,
    models: tuple[Model, ...],
    relations: Relations,
    audience: Audience,
) -> tuple[TablePlan, ...]:
    """The tables one audience gets. ``models`` and ``relations`` have passed ``check_complete``.

    Raises:
        WarehouseError: a mask does not fit its column; the message says what to write.
    """
    seen = tuple(model for model in models if model.schema in audience.schemas)
    regions = (
        read_regions(connection, relations)
        if audience.sees_masked and _uses(seen, "address")
        else ()
    )
    plans = []
    for model in seen:
        relation = relations[model.schema, model.name]
        columns = _columns(model, relation, relations, regions, audience)
        if columns:
            plans.append(_table(model, relation, columns))
    return tuple(plans)


def _table(model: Model, relation: Relation, columns: tuple[PublishedColumn, ...]) -> TablePlan:
    # Sorting by a hidden or masked value would tell its order, so such a key is passed over.
    plain = [column.name for column in columns if column.is_plain]
    unknown = [name for name in model.lookup_key if not relation.has(name)]
    if unknown:
        raise WarehouseError(
            f"{model.name} declares the lookup key `{unknown[0]}`, a column it does not have.",
            remedy=f"In {model.name}.yml name columns of the model under meta: lookup_key.",
        )
    declared = tuple(name for name in model.lookup_key if name in plain)
    return TablePlan(
        file=model.file,
        table=model.table,
        source=qualified(model.schema, model.name),
        columns=columns,
        comment=relation.comment,
        order_by=declared or tuple(plain[:1]),
    )


def _columns(
    model: Model,
    relation: Relation,
    relations: Relations,
    regions: tuple[Region, ...],
    audience: Audience,
) -> tuple[PublishedColumn, ...]:
    published: dict[str, PublishedColumn] = {}
    for column in relation.columns:
        rule = _rule(model, column.name)
        if _is_bookkeeping(column.name) or rule is None or rule.sensitivity is None:
            continue
        treatment = audience.treatment(sensitivity=rule.sensitivity, mask=rule.mask)
        shown: PublishedColumn | None
        if treatment == "plain":
            shown = PublishedColumn(column.name, quoted(column.name), column.comment, is_plain=True)
        else:
            _check_fits(model, column, rule, treatment)
            context = MaskContext(
                regions=regions,
                is_organisation=_organisation(model, relation, relations)
                if treatment == "individual_business"
                else None,
            )
            shown = _masked(column, treatment, context)
        if shown is None:
            continue
        if shown.name in published:
            raise WarehouseError(
                f"{model.name} would publish two columns named {shown.name}.",
                remedy=f"In {model.name}.yml write `mask: drop` for one of them.",
            )
        published[shown.name] = shown
    return tuple(published.values())


def _masked(
    column: WarehouseColumn, kind: MaskKind, context: MaskContext
) -> PublishedColumn | None:
    expression = mask_sql(kind, column=column.name, value=quoted(column.name), context=context)
    if expression is None:
        return None
    comment = f"{column.comment or ''}({NOTES[kind]})"
    name = published_name(kind, column=column.name)
    return PublishedColumn(name, expression, comment, is_plain=False)


def _check_fits(model: Model, column: WarehouseColumn, rule: ColumnRule, kind: MaskKind) -> None:
    if not accepts(kind, data_type=column.data_type):
        raise WarehouseError(
            f"{model.name}.{column.name} is {column.data_type}, which `mask: {kind}` cannot mask.",
            remedy=f"In {model.name}.yml write `mask: drop` for it, or cast it in the model.",
        )
    if kind == "individual_business" and rule.sensitivity in _NOT_MASKED_IN_EVERY_ROW:
        raise WarehouseError(
            f"{model.name}.{column.name} is {rule.sensitivity}, but `mask: individual_business`"
            " shows the rows of other organisations in plain.",
            remedy=f"In {model.name}.yml write another mask, or a class below identifying.",
        )


def _organisation(model: Model, relation: Relation, relations: Relations) -> str:
    """The condition of ``individual_business``: by the row's own USCC, else by its entity's."""
    if relation.has("uscc"):
        return _condition(relation)
    organisations = relations.get(_ORGANISATIONS)
    if not relation.has("entity_key") or organisations is None or not organisations.has("uscc"):
        raise WarehouseError(
            f"{model.name} uses `mask: individual_business` without a column uscc or entity_key.",
            remedy=f"In {model.name}.yml write another mask, or give the model the entity_key.",
        )
    return (
        f"coalesce({quoted('entity_key')} in (select entity_key from"
        f" {qualified(*_ORGANISATIONS)} where {_condition(organisations)}), false)"
    )


def _condition(relation: Relation) -> str:
    number = "registration_number"
    return organisation_condition(
        uscc=quoted("uscc"),
        registration_number=quoted(number) if relation.has(number) else None,
    )


def _uses(models: tuple[Model, ...], kind: MaskKind) -> bool:
    return any(rule.mask == kind for model in models for rule in model.columns.values())


def _rule(model: Model, column: str) -> ColumnRule | None:
    rule = model.columns.get(column.lower())
    return rule if rule is not None and rule.sensitivity is not None else None


def _is_bookkeeping(column: str) -> bool:
    return column.startswith("_")


def describe(plan: TablePlan) -> list[object]:
    """The plan as JSON-ready data, for the fingerprint."""
    return [
        plan.file,
        plan.table,
        plan.comment,
        list(plan.order_by),
        [[c.name, c.expression, c.comment] for c in plan.columns],
    ]


def comments_sql(plan: TablePlan, *, target: str) -> list[str]:
    """The statements that write the comments of the table and its columns into the file."""
    table = f"{target}.{quoted(plan.table)}"
    statements = []
    if plan.comment:
        statements.append(f"comment on table {table} is {literal(plan.comment)}")
    statements += [
        f"comment on column {table}.{quoted(column.name)} is {literal(column.comment)}"
        for column in plan.columns
        if column.comment
    ]
    return statements
