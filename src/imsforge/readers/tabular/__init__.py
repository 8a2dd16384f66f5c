"""Measurements in tables: one row a pixel, with its x, its y and a column for each m/z value."""

from imsforge.readers.tabular.parquet import ParquetSource
from imsforge.readers.tabular.reader import read_table
from imsforge.readers.tabular.text import TextSource

__all__ = ["ParquetSource", "TextSource", "read_table"]
