"""Read any file into staged tables of text: bytes in, columns of text with row numbers out."""

from bokgi.intake.files.staged import ExportedAt, FoundBy, Place, Progress, StagedColumn, StagedFile, Staging
from bokgi.intake.files.staging import ENDINGS, stage_files

__all__ = [
    "ENDINGS",
    "ExportedAt",
    "FoundBy",
    "Place",
    "Progress",
    "StagedColumn",
    "StagedFile",
    "Staging",
    "stage_files",
]
