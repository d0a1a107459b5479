"""Finds the folders of knowledge, from a checkout and from an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from acforensics.errors import AcforensicsError

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the directory `name` (`parsers`, `reports`, `samples`, …).

    In a wheel it lies inside the package, in a checkout beside it.

    Raises:
        AcforensicsError: the installation is incomplete.
    """
    for candidate in (_PACKAGE / name, _PACKAGE.parent / name):
        if candidate.is_dir() and (candidate != _PACKAGE / name or not (candidate / "__init__.py").exists()):
            return candidate
    raise AcforensicsError(f"{_PACKAGE}: the folder '{name}' is missing: reinstall acforensics")
