"""Compiled templates, kept where Python keeps its compiled modules: compiling one takes a third of a second.

They are trusted as those are. One that was made of another text, by another Jinja or with other settings is made anew;
where none can be kept, each is.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from contextlib import suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

from acforensics.errors import UsageError
from acforensics.writing import replacing


class CompiledTemplates(BytecodeCache):
    """For an environment whose templates lie in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """The template of this name, compiled if it was kept (`__pycache__/report.html.cpython-311.jinja`)."""
        settings = (environment.autoescape, environment.trim_blocks, environment.lstrip_blocks)
        made_of = hashlib.sha256(repr((source, version("jinja2"), settings)).encode()).hexdigest()
        path = Path(cache_from_source(str(self._folder / name))).with_suffix(".jinja")
        bucket = Bucket(environment, str(path), made_of)
        self.load_bytecode(bucket)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read it, where it is there and whole."""
        with suppress(OSError, EOFError, pickle.UnpicklingError), Path(bucket.key).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, where that is wanted and possible."""
        if not sys.dont_write_bytecode:
            path = Path(bucket.key)
            with suppress(OSError, UsageError):
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path) as temporary:
                    temporary.write_bytes(bucket.bytecode_to_string())
