"""Measurements in tables: one row a pixel, with its x, its y and a column for each m/z value."""

from imsforge.io.tabular.door import read_table
from imsforge.io.tabular.parquet import ParquetSource
from imsforge.io.tabular.text import TextSource

__all__ = ["ParquetSource", "TextSource", "read_table"]
