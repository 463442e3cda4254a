"""What was imported, what was refused, and what was seen again unchanged."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import Column, Grain, Table, text

UNREAD: Final = 0
"""`as_in` of a sighting whose row was refused: the deal was there, and what the row said is not known."""

LEDGER: Final = (
    Table(
        "imports",
        Grain.LEDGER,
        "one change of an import's status; the last row of an import_no counts",
        ("import_no",),
        (
            Column("version", "integer", "lake version that the row made: version n is the rows up to n"),
            Column("status", "string", "committed, undone, or purged (undone, and its rows are gone)"),
            Column("kind", "string", "file, entered, connection, setup, replay, release, erasure"),
            Column("source", "string", "name of the source system or preset"),
            Column("files", "string", "JSON list of {name, sha256, size, kept}"),
            Column("exported_at", "instant", "when the source was exported", "no snapshot: entered on screen"),
            text("exported_at_origin", "given, file_name, content, file_time", "as exported_at"),
            Column("complete", "boolean", "the file holds every deal of its source; missing ones are removed"),
            Column("mapping", "string", "the mapping used, TOML"),
            Column("by", "string", "who imported: user or command line"),
            Column("at", "instant", "when the ledger was written"),
            Column("read", "integer", "rows read"),
            Column("accepted", "integer", "rows accepted"),
            Column("quarantined", "integer", "rows put into quarantine"),
            Column("known", "integer", "rows that were already known"),
            Column("tables", "string", "JSON object: fact table → rows written"),
            Column("findings", "string", "JSON list of findings"),
            Column(
                "replays", "integer", "the import whose place this one takes after an undo", "it takes nobody's place"
            ),
            text("reason", "why it was undone", "it was not undone, or no reason was given"),
            Column("schema_version", "integer", "version of this schema when it was written"),
        ),
    ),
    Table(
        "sightings",
        Grain.EVENT,
        "deal × snapshot that held it unchanged, or in a row that was refused; a row in deals is a sighting, too",
        ("deal_id", "import_no"),
        (
            Column("deal_id", "string", "deal"),
            Column(
                "as_in",
                "integer",
                "import_no of the row in deals that the snapshot's row equals; 0: it was refused, and says only that "
                "the deal was there",
            ),
        ),
    ),
    Table(
        "quarantine",
        Grain.EVENT,
        "refused row of a file; of a release, a row as it was mended, which left at once",
        ("import_no", "file", "row"),
        (
            Column("file", "string", "file, and sheet after '#' in a workbook"),
            Column("row", "integer", "row as a person counts it in a spreadsheet; the header is row 1"),
            Column("raw", "string", "the row as JSON object header → text"),
            Column("findings", "string", "JSON list of {code, column, value}"),
        ),
    ),
    Table(
        "releases",
        Grain.EVENT,
        "quarantined row that a later import took in or a person dismissed",
        ("quarantined_by", "file", "row"),
        (
            Column("quarantined_by", "integer", "import_no that quarantined it"),
            Column("file", "string", "as in quarantine"),
            Column("row", "integer", "as in quarantine"),
            Column("how", "string", "repaired, remapped, dismissed"),
        ),
    ),
)
