"""The exceptions of explaudit: one small tree, so that callers catch just what they mean to."""

from __future__ import annotations

__all__ = ["ContractError", "ExplauditError", "InvalidInputError", "UnknownPluginError"]


class ExplauditError(Exception):
    """Anything that explaudit itself raises on purpose."""


class InvalidInputError(ExplauditError, ValueError):
    """An argument, a file or a setting is not what was expected.

    Parameters
    ----------
    argument : str
        The name of the argument, option or column as the caller wrote it.
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

    def __reduce__(self) -> tuple[type[InvalidInputError], tuple[str, str, object, str]]:
        return type(self), (self.argument, self.expected, self.got, self.remedy)


class UnknownPluginError(InvalidInputError):
    """No attack, explainer, model or metric has the name that was asked for."""


class ContractError(ExplauditError):
    """A plug-in (an attack, an explainer, a metric) broke the contract of its kind."""
