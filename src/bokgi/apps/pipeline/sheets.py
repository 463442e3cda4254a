"""A whole table of a page as a file to take along."""

from __future__ import annotations

from django.http import HttpResponse

from bokgi.apps.pipeline.selectors import Screen
from bokgi.ui.export import TYPES, as_csv, as_xlsx
from bokgi.ui.listing import Listing, Sheet


def sheet_file(screen: Screen, listing: Listing, sheet: Sheet, name: str) -> HttpResponse:
    """Give a table as the file that its `listing` asks for; `name` is what it is called, before the day."""
    header, rows = sheet.taken(listing)
    kind = listing.export
    made = as_csv(header, rows) if kind == "csv" else as_xlsx(sheet.table.caption, header, rows)
    named = f'attachment; filename="{name}-{screen.as_of.isoformat()}.{kind}"'
    return HttpResponse(made, content_type=TYPES[kind], headers={"Content-Disposition": named})
