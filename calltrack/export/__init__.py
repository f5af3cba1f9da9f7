"""The tables of facts as files for pandas, DuckDB and Excel; memory does not follow the traffic."""

from calltrack.export.cells import cell
from calltrack.export.columns import Column, columns
from calltrack.export.parquet import Folder
from calltrack.export.streaming import all_rows, rows
from calltrack.export.writers import FORMATS, open_writer, write_rows

__all__ = ["FORMATS", "Column", "Folder", "all_rows", "cell", "columns", "open_writer", "rows", "write_rows"]
