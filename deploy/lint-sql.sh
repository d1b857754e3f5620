#!/bin/sh
# Lints the SQL that changed since all of it was last found clean; a fresh clone, or a change of the
# linter, its settings or a macro, lints everything.
# What changed is told by ctime, which no copy, no renaming and no checking out of an old file sets back.
set -eu
cd "$(dirname "$0")/.."
clean=.venv/.sql-clean
lint() { .venv/bin/sqlfluff lint --processes 2 --disable-progress-bar "$@"; }

# Taken before the linter reads: a file saved while it runs is newer, and linted the next time.
touch "$clean.begun"
if [ -e "$clean" ] && [ -z "$(find pyproject.toml requirements/dev.lock deploy/lint-sql.sh \
    deploy/sqlfluff/*.py dbt_project/macros -cnewer "$clean")" ]; then
    changed=$(find dbt_project/models dbt_project/tests -name '*.sql' -cnewer "$clean")
    # Names of models have no blanks: they are split here on purpose.
    # shellcheck disable=SC2086
    if [ -n "$changed" ]; then lint $changed; else echo "no SQL changed since it was found clean"; fi
else
    lint dbt_project/models dbt_project/tests
fi
mv "$clean.begun" "$clean"
