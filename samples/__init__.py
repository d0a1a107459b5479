"""Synthetic bundles, and the writer that makes them (`scenario.py`). Nothing here is a recording."""
