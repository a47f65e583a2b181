"""A user's model while it is audited: how far it is, and what it raises."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace, TracebackType
from typing import Any, Never, Self, TypeVar

import click
from tqdm import tqdm

from explaudit.errors import ExplauditError, InvalidInputError

__all__ = ["Asking", "guarded"]

T = TypeVar("T")


def guarded(call: Callable[[], T], purpose: str) -> T:
    """Return what a call into a user's own code returns, and name the exception if it raises one.

    Parameters
    ----------
    call : callable
        Runs the user's code.
    purpose : str
        What the model was to do, such as "be loaded".

    Raises
    ------
    InvalidInputError
        If the code raises anything, or ends the program.
    """
    try:
        return call()
    except ExplauditError:
        raise
    # a user's own code may raise anything; an exit of its own would be taken for the verdict's
    except (Exception, SystemExit) as error:
        raise InvalidInputError(
            "model",
            f"a model that can {purpose}",
            f"{type(error).__name__}: {error}",
            "This comes from the model's own code, not from the audit.",
        ) from error


class Asking:
    """Shows how many rows a model was asked about, and what is done with its answers.

    On a terminal that is a bar, elsewhere a line for each step.

    Parameters
    ----------
    model : estimator or callable
        As :class:`explaudit.audit.target.Target` takes it.
    total : int
        Rows that it will be asked about.
    quiet : bool
        Whether nothing is shown.

    Attributes
    ----------
    model : object
        The same model, watched.
    """

    def __init__(self, model: Any, total: int, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: tqdm[Never] | None = None
        if not quiet and sys.stderr.isatty():
            self._bar = tqdm(total=total, unit="row", file=sys.stderr, dynamic_ncols=True)
        self.model = self._watched(model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, text: str) -> None:
        """Say what is done next."""
        if self._bar is not None:
            self._bar.set_description(text)
        elif not self._quiet:
            click.echo(f"  {text}", err=True)

    def _watched(self, model: Any) -> Any:
        methods = {
            name: self._watch(getattr(model, name))
            for name in ("predict", "predict_proba")
            if hasattr(model, name)
        }
        if methods:
            return SimpleNamespace(**methods)
        return self._watch(model) if callable(model) else model

    def _watch(self, predict: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def watched(table: Any) -> Any:
            said = guarded(lambda: predict(table), "answer these rows")
            if self._bar is not None:
                self._bar.update(len(table))
            return said

        return watched
