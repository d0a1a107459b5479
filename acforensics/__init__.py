"""acforensics: what happened to a CLUSTERPRO cluster behind a UPS, from its logs, with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acforensics.errors import AcforensicsError, DefinitionError, InputError, UsageError

if TYPE_CHECKING:
    from acforensics.analysis import Case, analyze

__all__ = [
    "AcforensicsError",
    "Case",
    "DefinitionError",
    "InputError",
    "UsageError",
    "__version__",
    "analyze",
]


def __getattr__(name: str) -> Any:
    """Load what is heavy (pandas, pydantic) only when it is used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("acforensics")
    if name in ("Case", "analyze"):
        from acforensics import analysis

        return getattr(analysis, name)
    raise AttributeError(f"module 'acforensics' has no attribute '{name}'")
