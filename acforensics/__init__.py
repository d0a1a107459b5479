"""acforensics: what happened to a CLUSTERPRO cluster behind a UPS, from its logs, with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acforensics.errors import AcforensicsError, DefinitionError, InputError, UsageError

if TYPE_CHECKING:
    from acforensics.analysed import Case
    from acforensics.analysis import analyze

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
    if name == "Case":
        from acforensics.analysed import Case

        return Case
    if name == "analyze":
        from acforensics.analysis import analyze

        return analyze
    raise AttributeError(f"module 'acforensics' has no attribute '{name}'")
