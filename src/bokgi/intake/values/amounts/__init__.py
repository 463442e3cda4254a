"""Amounts of money: the ways they are written, and the SQL that reads them exactly, without floating point.

Read are plain numbers, thousands marks, a currency before or after, `(500)`, `-500`, `△500`, `500-`, suffixes K, M,
B, and Korean units: `1,200만`, `1억 2천만원`, `3억5000만`. A unit written in the cell counts instead of the header's.
After 조 or 억 a rest in 천, 백, 십 without 원 is spoken, and means the next lower unit: `1억 2천` is 1억 2천만; a bare
number there could be either, and is malformed: `3억5000`.
"""

from __future__ import annotations

from bokgi.intake.values.amounts.form import AmountFormat, number_text
from bokgi.intake.values.amounts.glance import amount
from bokgi.intake.values.amounts.thorough import thorough_amount
from bokgi.intake.values.amounts.typed import read_amount, typed_amount

__all__ = ["AmountFormat", "amount", "number_text", "read_amount", "thorough_amount", "typed_amount"]
