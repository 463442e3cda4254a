"""The command line."""

import gc
import os

from bokgi.project import COLLECTION

# Matrices here are small, and the engine uses all cores already: threads of the linear algebra cost more than they
# save, ten times the CPU seconds on a busy machine. They are counted when numpy is loaded, so it is said before that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

gc.set_threshold(*COLLECTION)
