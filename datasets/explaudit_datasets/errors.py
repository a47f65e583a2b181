"""The one exception of this package, which stands below the core and so cannot use its tree."""

from __future__ import annotations

__all__ = ["DataError"]


class DataError(ValueError):
    """A data set, a file or a setting of a generator is not what was expected.

    Parameters
    ----------
    argument : str
        The name of the argument, file or column as the caller wrote it.
    expected : str
        What would have been right.
    got : object
        What was there instead.
    remedy : str, optional
        What to do about it.
    """

    def __init__(self, argument: str, expected: str, got: object, remedy: str = "") -> None:
        self.argument, self.expected, self.got, self.remedy = argument, expected, got, remedy
        message = f"{argument}: expected {expected}, got {got!r}."
        super().__init__(f"{message} {remedy}".rstrip())

    def __reduce__(self) -> tuple[type[DataError], tuple[str, str, object, str]]:
        return type(self), (self.argument, self.expected, self.got, self.remedy)
