"""Which kind of table a file is."""

from pathlib import Path

from imsforge.readers.files import check_raw_file
from imsforge.readers.tabular.parquet import index_parquet
from imsforge.readers.tabular.text import index_text


def read_table(path):
    """Index a measurement in a table.

    Parameters
    ----------
    path : path
        Parquet where the name ends in .parquet, otherwise text: commas, semicolons or tabs between
        the cells, whatever separates most.

    Returns
    -------
    Source

    Raises
    ------
    IngestError
        In one line, for whatever keeps the file from being read.
    """
    path = Path(path)
    check_raw_file(path)
    return (index_parquet if path.suffix.lower() == ".parquet" else index_text)(path)
