"""Stands for dbt's `adapter` while sqlfluff renders models: a dispatched macro is any call.

Keep out: anything the models would behave differently by.
"""


def dispatch(macro_name, _package=None):
    """Return a macro that renders to a function call of the same name."""
    return lambda *_arguments, **_keywords: f"{macro_name}()"
