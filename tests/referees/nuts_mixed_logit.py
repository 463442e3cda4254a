"""Made `nuts_mixed_logit.json`: the model of `bokgi.analysis.mixed_logit` by NUTS on small data.

Needs numpyro, which the project does not install: `python -m tests.referees.nuts_mixed_logit` from the repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Sample four chains and write means and sds of the centred person effects."""
    import jax  # type: ignore[import-not-found]  # noqa: PLC0415 - not a dependency of the project
    import numpyro  # type: ignore[import-not-found]  # noqa: PLC0415 - as above
    from numpyro import distributions as dist  # noqa: PLC0415 - as above
    from numpyro.infer import MCMC, NUTS  # type: ignore[import-not-found]  # noqa: PLC0415 - as above

    from bokgi.analysis.cross_tables import PRIOR_SD  # noqa: PLC0415 - as above
    from bokgi.analysis.mixed_logit import SD_PRIOR_RATE  # noqa: PLC0415 - as above
    from tests.analysis.test_mixed_logit import cells  # noqa: PLC0415 - as above

    data = cells(11, persons=6, territories=3, rows=120)

    def model() -> None:
        intercept = numpyro.sample("intercept", dist.Normal(0.0, PRIOR_SD))
        source = numpyro.sample("source", dist.Normal(0.0, PRIOR_SD).expand([data.sizes[0]]))
        sd_person = numpyro.sample("sd_person", dist.Gamma(2.0, SD_PRIOR_RATE))
        sd_territory = numpyro.sample("sd_territory", dist.Gamma(2.0, SD_PRIOR_RATE))
        person: Any = numpyro.sample("z_person", dist.Normal(0.0, 1.0).expand([data.sizes[2]])) * sd_person
        territory: Any = numpyro.sample("z_territory", dist.Normal(0.0, 1.0).expand([data.sizes[1]])) * sd_territory
        numpyro.deterministic("person", person)
        eta = intercept + source[data.levels[0]] + territory[data.levels[1]] + person[data.levels[2]]
        numpyro.sample("wins", dist.Binomial(total_count=data.n, logits=eta), obs=data.wins)

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - the signature of the library
    sampler = MCMC(
        NUTS(model, target_accept_prob=0.95), num_warmup=2_000, num_samples=10_000, num_chains=4, progress_bar=False
    )
    sampler.run(jax.random.PRNGKey(7))
    person = np.asarray(sampler.get_samples()["person"])
    centred = person - person.mean(axis=1, keepdims=True)
    summary = {
        "person_mean": centred.mean(axis=0).round(4).tolist(),
        "person_sd": centred.std(axis=0).round(4).tolist(),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
