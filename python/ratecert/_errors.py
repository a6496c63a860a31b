"""What can go wrong, as exceptions."""

from __future__ import annotations


class Error(Exception):
    """The run could not take place: bad usage, a missing program, an interrupted child."""


class Failed(AssertionError):  # noqa: N818 - a failed assertion says so in its type
    """Raised by `Result.raise_on_failure`; its text is what the program printed."""


class Skip(Exception):  # noqa: N818 - raised to decline a case, not to report an error
    """Raise it in a callable to decline a case: neither right nor wrong.

    >>> def my_itd(case):
    ...     if case.problem.kind == "bilinear":
    ...         raise Skip("the operator must not depend on λ")
    """
