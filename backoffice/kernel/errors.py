"""The one family of errors: a code, its data, and no word of HTTP."""

from __future__ import annotations


class BackofficeError(Exception):
    """Something this program refuses to do; `code` names it, `data` says with what.

    The words a person reads are made from the code when it is shown.
    """

    def __init__(self, code: str, **data: object) -> None:
        super().__init__(code)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        """Return the code with its data, for a developer.

        >>> str(BackofficeError("number_invalid", line=3))
        'number_invalid (line: 3)'
        """
        told = ", ".join(f"{name}: {value}" for name, value in self.data.items())
        return f"{self.code} ({told})" if told else self.code


class Invalid(BackofficeError):  # noqa: N818  # the trade's word
    """What was handed in can't be read; `data` names file, line and field where they are known."""


class NotFound(BackofficeError):  # noqa: N818  # the trade's word
    """What was asked for isn't there."""


class Refused(BackofficeError):  # noqa: N818  # the trade's word
    """What was asked for is understood and may not be done as things stand."""


class Unavailable(BackofficeError):  # noqa: N818  # the trade's word
    """What the program itself needs is away: a server, a disk, a key. Nothing was done; later it may be."""
