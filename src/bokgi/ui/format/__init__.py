"""Numbers, money, rates, dates and spans as people read them, in Korean and English. Nowhere else.

Within one value the spaces are no-break spaces (a number and its unit stay together); `plain` turns them into usual
ones for a terminal or a file. Minus is `−`, a range `~` in Korean and `–` in English.
"""

from bokgi.ui.format.amounts import MoneyColumn, chart_column, money, money_column, money_short
from bokgi.ui.format.dates import (
    day,
    day_and_weekday,
    day_short,
    days,
    hours,
    moment,
    period_name,
    quarter_name,
    span,
    week,
    week_order,
    weekday,
    weekday_name,
    weekday_short,
)
from bokgi.ui.format.figures import (
    ABSENT,
    MINUS,
    NBSP,
    POINTS,
    WORD_JOINER,
    count,
    n,
    number,
    one_word,
    percent,
    points,
    score,
    signed,
)
from bokgi.ui.format.values import between, ends, plain, show, shower

__all__ = [
    "ABSENT",
    "MINUS",
    "NBSP",
    "POINTS",
    "WORD_JOINER",
    "MoneyColumn",
    "between",
    "chart_column",
    "count",
    "day",
    "day_and_weekday",
    "day_short",
    "days",
    "ends",
    "hours",
    "moment",
    "money",
    "money_column",
    "money_short",
    "n",
    "number",
    "one_word",
    "percent",
    "period_name",
    "plain",
    "points",
    "quarter_name",
    "score",
    "show",
    "shower",
    "signed",
    "span",
    "week",
    "week_order",
    "weekday",
    "weekday_name",
    "weekday_short",
]
