"""Stands for dbt's `adapter` while sqlfluff renders models: a dispatched macro is any expression."""


def dispatch(macro_name, _package=None):  # noqa: ANN001, ANN201 - called by Jinja
    """Return a macro that renders to a function call of the same name."""
    return lambda *_arguments, **_keywords: f"{macro_name}()"
