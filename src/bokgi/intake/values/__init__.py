"""Parse text columns to typed values, as SQL that DuckDB runs over a staged table.

`detect_formats` tells the format of each column, `read` gives the `Reading` of a column in a format, `query` puts
readings together into one SELECT.
"""

from bokgi.intake.values.amounts import AmountFormat
from bokgi.intake.values.currencies import Unit, unit_of
from bokgi.intake.values.detection import DecidedBy, Detected, Wanted, detect_formats
from bokgi.intake.values.moments import MomentFormat
from bokgi.intake.values.reading import Reading, query
from bokgi.intake.values.scalars import ProbabilityScale
from bokgi.intake.values.text import NULL_WORDS, cleaned, is_blank
from bokgi.intake.values.typed import ValueKind, read

__all__ = [
    "NULL_WORDS",
    "AmountFormat",
    "DecidedBy",
    "Detected",
    "MomentFormat",
    "ProbabilityScale",
    "Reading",
    "Unit",
    "ValueKind",
    "Wanted",
    "cleaned",
    "detect_formats",
    "is_blank",
    "query",
    "read",
    "unit_of",
]
