"""Which of several parts stand out, against the bound of Šidák for independent normal ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from bokgi.analysis.decomposition.intervals import stands_out


@pytest.mark.parametrize(("parts", "together"), [(1, 0.95), (4, 0.95), (13, 0.95), (13, 0.90)])
def test_a_part_stands_out_from_the_bound_of_sidak_on(parts: int, together: float) -> None:
    bound = max(special.ndtri((1.0 + together ** (1.0 / parts)) / 2.0), special.ndtri(0.975))
    draws = np.random.default_rng(7).normal(size=(60_000, parts))
    for beyond, told in ((-0.06, False), (0.06, True)):
        for sign in (-1.0, 1.0):
            shifted = draws + sign * (bound + beyond)
            assert stands_out(shifted, together).tolist() == [told] * parts


def test_how_wide_a_part_is_does_not_matter_and_one_without_width_stands_where_it_is_not_zero() -> None:
    draws = np.random.default_rng(8).normal([0.0, 2.0, 4.0, 4.0], size=(20_000, 4))
    assert stands_out(draws * [1.0, 1e6, 1e-6, 50.0], 0.95).tolist() == [False, False, True, True]
    fixed = np.column_stack([draws, np.zeros(len(draws)), np.full(len(draws), -3.0)])
    assert stands_out(fixed, 0.95).tolist()[-2:] == [False, True]
