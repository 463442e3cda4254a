"""What the comparison of snapshots says: the current row of each deal, and what changed from one to the next.

A snapshot holds the state of deals at its export and no history. An import stores a row of `deals` when it is new or
differs, and a sighting when it equals an earlier one. Put in the order of export, these observations say since when a
row holds, when a deal was seen first and last, which deals a complete file no longer had, and what changed in between.
History that was stored (recorded, dates in columns, entered) comes first: an observation adds a stage event or a change
only where it differs from the last thing known by its day. So a late file or an undo needs no repair.

All functions work on the views and tables that `bokgi.facts.deriving` prepares in a DuckDB of its own.
"""

from __future__ import annotations

from bokgi.facts.snapshots.differences import deal_changes, stage_events
from bokgi.facts.snapshots.observations import CLOSED, deals, observe

__all__ = ["CLOSED", "deal_changes", "deals", "observe", "stage_events"]
