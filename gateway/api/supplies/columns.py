"""Columns by their keys, with their headings from the catalogue."""

from __future__ import annotations

from audit.reports.table import Column, ColumnType
from gateway.api.supplies.asked import Asked


def text(asked: Asked, key: str, width: int = 0) -> Column:
    """Text; ``width`` in signs of Latin text."""
    return Column(key=key, label=asked.said(f"export.column.{key}"), width=width)


def count(asked: Asked, key: str) -> Column:
    """A count."""
    return Column(key=key, label=asked.said(f"export.column.{key}"), type=ColumnType.INT)


def share(asked: Asked, key: str) -> Column:
    """A share, 0 to 1."""
    return Column(key=key, label=asked.said(f"export.column.{key}"), type=ColumnType.SHARE)


def time(asked: Asked, key: str) -> Column:
    """A moment, local to the second."""
    return Column(key=key, label=asked.said(f"export.column.{key}"), type=ColumnType.TIME)


def day(asked: Asked, key: str) -> Column:
    """A local day."""
    return Column(key=key, label=asked.said(f"export.column.{key}"), type=ColumnType.DATE)
