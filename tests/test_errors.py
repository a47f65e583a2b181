"""The tree of exceptions: what is caught by what, what a message says, and pickling."""

from __future__ import annotations

import pickle

import pytest

from explaudit.errors import ContractError, ExplauditError, InvalidInputError, UnknownPluginError


def test_a_message_names_argument_expectation_finding_and_remedy() -> None:
    error = InvalidInputError("n_rows", "at least 1", 0, "Ask for more.")
    assert str(error) == "n_rows: expected at least 1, got 0. Ask for more."
    assert str(InvalidInputError("name", "a name", "")) == "name: expected a name, got ''."


def test_all_are_caught_as_explaudits_own() -> None:
    for kind in (InvalidInputError, UnknownPluginError):
        with pytest.raises(ExplauditError):
            raise kind("argument", "this", "that")
    with pytest.raises(ExplauditError):
        raise ContractError("broken")


def test_only_wrong_input_is_a_value_error() -> None:
    assert issubclass(InvalidInputError, ValueError)
    assert issubclass(UnknownPluginError, InvalidInputError)
    assert not issubclass(ContractError, ValueError)


@pytest.mark.parametrize("kind", [InvalidInputError, UnknownPluginError])
def test_a_worker_process_can_send_it_back(kind: type[InvalidInputError]) -> None:
    error = kind("dataset", "a known one", {"name": None}, "Look it up.")
    read = pickle.loads(pickle.dumps(error))
    assert type(read) is kind
    assert str(read) == str(error)
    assert (read.argument, read.expected, read.got, read.remedy) == (
        "dataset",
        "a known one",
        {"name": None},
        "Look it up.",
    )
