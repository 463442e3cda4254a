"""A listing reads its state from an address and writes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.ui.blocks import Column
from bokgi.ui.listing import Listing

COLUMNS = (
    Column("Deal", key="deal", sortable=True),
    Column("Owner", key="owner", sortable=True, optional=True),
    Column("Amount", "right", key="amount", sortable=True, optional=True),
    Column("Activity", drawn=True, key="activity", optional=True),
)


def read(query: Mapping[str, Sequence[str]], *, prefix: str = "") -> Listing:
    return Listing.read(COLUMNS, query, sort="-amount", size=10, prefix=prefix)


def test_without_an_address_it_is_sorted_as_the_page_says_and_shows_every_column() -> None:
    listing = read({})
    assert (listing.sort, listing.descending, listing.page) == ("amount", True, 1)
    assert listing.visible == COLUMNS


@pytest.mark.parametrize("page", ["0", "-3", "x", "", "²", "1e9", "99999999999999999999"])
def test_a_page_that_makes_no_sense_is_a_page_all_the_same(page: str) -> None:
    listing = read({"page": [page]})
    assert 0 <= listing.offset(35) <= 30


@pytest.mark.parametrize("sort", ["activity", "-activity", "nothing", "deal; drop table", "--deal"])
def test_only_columns_that_can_be_sorted_are_sorted_by(sort: str) -> None:
    listing = read({"sort": [sort]})
    assert (listing.sort, listing.descending) == ("amount", True)


def test_no_column_at_all_can_be_chosen_but_what_is_not_optional_stays() -> None:
    listing = read({"columns": [""]})
    assert [column.key for column in listing.visible] == ["deal"]
    assert [column.key for column in read(parse_qs(listing.query[1:], keep_blank_values=True)).visible] == ["deal"]


def test_other_parameters_of_the_page_are_kept() -> None:
    assert parse_qs(read({"team": ["East"], "page": ["2"]}).sorted_by("deal").query[1:]) == {
        "team": ["East"],
        "sort": ["deal"],
    }


def test_two_tables_on_a_page_do_not_mix() -> None:
    query = {"a-page": ["3"], "b-page": ["2"]}
    assert read(query, prefix="a-").page == 3
    assert "b-page=2" in read(query, prefix="a-").query


def test_pages_are_counted_and_turned() -> None:
    listing = read({"page": ["4"]})
    assert listing.pages(35) == 4
    assert listing.turned(1, 35) is None
    back = listing.turned(-1, 35)
    assert back is not None
    assert back.page == 3
    assert list(listing.cut(range(35))) == [30, 31, 32, 33, 34]
    assert Listing.read(COLUMNS, {}, lang="en").range(0) == "no rows"


@given(
    find=st.text(max_size=30),
    sort=st.sampled_from(["deal", "-deal", "owner", "-amount"]),
    page=st.integers(1, 50),
    columns=st.none() | st.sets(st.sampled_from(["owner", "amount", "activity"])),
)
def test_what_is_written_is_read_again(find: str, sort: str, page: int, columns: set[str] | None) -> None:
    asked = {"find": [find], "sort": [sort], "page": [str(page)]}
    if columns is not None:
        asked["columns"] = [*columns, ""]
    listing = read(asked)
    again = read(parse_qs(listing.query[1:], keep_blank_values=True))
    assert again == listing
