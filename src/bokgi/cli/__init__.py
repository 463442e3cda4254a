"""The command line."""

import gc
import os

# Matrices here are small, and the engine uses all cores already: threads of the linear algebra cost more than they
# save, ten times the CPU seconds on a busy machine. They are counted when numpy is loaded, so it is said before that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Building queries makes millions of small objects that die with the query. At the usual thresholds a quarter of an
# answer's CPU seconds goes into looking for cycles among them; at these, some 30 MB more are held.
gc.set_threshold(200_000, 20, 100)
