"""A sales organisation with known truth, as fact tables or as CRM exports; what the statistics are measured on."""

from __future__ import annotations

from benchmarks.simulator.exports import write_exports
from benchmarks.simulator.organisation import Defect, Organisation, Truth, World, simulate

__all__ = ["Defect", "Organisation", "Truth", "World", "simulate", "write_exports"]
