"""The regression against statsmodels: coefficients, clustered standard errors."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from bokgi.analysis.content_effect.regression import Link, dummies, fit


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_coefficients_and_clustered_errors_are_those_of_statsmodels(link: Link) -> None:
    rng = np.random.default_rng(3)
    n = 4_000
    first, second = rng.integers(0, 3, n), rng.integers(0, 2, n)
    cluster = np.sort(rng.integers(0, 600, n))
    common = rng.normal(0, 0.6, 600)[cluster]
    event = rng.random(n) < 1 / (1 + np.exp(1.5 - 0.4 * first + 0.3 * second - common))
    design = dummies([first, second])
    found = fit(design, event, link=link, prior_sd=np.inf)
    links = {"cloglog": sm.families.links.CLogLog(), "logit": sm.families.links.Logit()}
    family = sm.families.Binomial(links[link])
    peer = sm.GEE(event.astype(float), design.toarray(), groups=cluster, family=family).fit(ctol=1e-10)
    np.testing.assert_allclose(found.beta, peer.params, atol=1e-6)
    np.testing.assert_allclose(found.p, peer.fittedvalues, atol=1e-6)
    groups = len(np.unique(cluster))
    ours = [found.clustered_se(design, cluster, place) for place in range(design.shape[1])]
    np.testing.assert_allclose(ours, peer.bse * np.sqrt(groups / (groups - 1)), rtol=1e-5)


def test_a_category_without_an_event_stays_finite() -> None:
    levels = np.repeat([0, 1], 50)
    event = (levels == 0) & (np.arange(100) % 2 == 0)
    found = fit(dummies([levels]), event, link="logit")
    assert np.isfinite(found.beta).all()
    assert found.p[-1] < 0.05
