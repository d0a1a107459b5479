"""Every exception of acforensics. Each message names the file and the remedy."""

from __future__ import annotations

__all__ = ["AcforensicsError", "DefinitionError", "InputError", "UsageError"]


class AcforensicsError(Exception):
    """Base of all errors that acforensics raises on purpose; `ja`: the message in Japanese, where there is one."""

    def __init__(self, message: str, ja: str = "") -> None:
        super().__init__(message)
        self.ja = ja or message

    def __reduce__(self) -> tuple[type[AcforensicsError], tuple[str, str]]:
        # A worker's error is told by another process.
        return type(self), (str(self), self.ja)


class UsageError(AcforensicsError):
    """The command or the call was made with arguments that do not fit (exit status 2)."""


class InputError(AcforensicsError):
    """An input could not be read at all, or nothing in it was recognised (exit status 3)."""


class DefinitionError(AcforensicsError):
    """A file in `parsers/` or `reports/texts/` is wrong; the message has file, line and reason."""
