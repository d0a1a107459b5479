"""Many bundles in one run, on this machine's cores or on a Dask cluster, and what they have in common.

ROOT's children are cases; each is analysed by itself and leaves its results in a folder of its own below OUT. What all
of them show together is written from these results: the index, and tables for queries.
"""

from acforensics.batch.running import Options, Result, run

__all__ = ["Options", "Result", "run"]
