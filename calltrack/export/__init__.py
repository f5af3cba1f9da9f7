"""The tables of facts as files for pandas, DuckDB and Excel; memory does not follow the traffic."""

from calltrack.export.cells import cell
from calltrack.export.columns import Column, columns
from calltrack.export.streaming import rows
from calltrack.export.writers import FORMATS, open_writer

__all__ = ["FORMATS", "Column", "cell", "columns", "open_writer", "rows"]
