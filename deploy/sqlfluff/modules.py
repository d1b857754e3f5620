"""Stands for dbt's `modules` while sqlfluff renders models."""

import re

__all__ = ["re"]
