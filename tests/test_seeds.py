"""Derived seeds: stable, from content alone, and without a trace in the caller's random state."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explaudit.seeds import derive_seed, generator, row_seed, shielded_global_rng

KEYS = st.lists(st.one_of(st.integers(0, 2**40), st.text(max_size=8)), max_size=4)
Shield = Callable[[int], AbstractContextManager[None]]


def hashed(text: str) -> int:
    """The definition by hand: the first four bytes of the SHA-256, the lowest byte first."""
    a, b, c, d = hashlib.sha256(text.encode("ascii")).digest()[:4]
    return a + 256 * (b + 256 * (c + 256 * d))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0,), "[0]"),
        ((7, "split", "compas", 3), '[7,"split","compas",3]'),
        ((-1, 'a"b', "é"), '[-1,"a\\"b","\\u00e9"]'),
    ],
)
def test_derive_seed_is_a_hash_of_the_written_json(arguments: Any, text: str) -> None:
    assert derive_seed(*arguments) == hashed(text)


@given(st.integers(-(2**62), 2**62), KEYS)
def test_derived_seeds_are_usable_and_repeatable(base: int, keys: list[str | int]) -> None:
    seed = derive_seed(base, *keys)
    assert 0 <= seed < 2**32
    assert seed == derive_seed(base, *keys)


@given(KEYS, KEYS)
def test_other_keys_give_another_seed(one: list[str | int], other: list[str | int]) -> None:
    # a collision of 32 bits is possible, but not among the few examples that are tried
    assert (derive_seed(0, *one) == derive_seed(0, *other)) == (one == other)


def test_keys_are_kept_apart() -> None:
    seeds = [
        derive_seed(0, "a", "b"),
        derive_seed(0, "ab"),
        derive_seed(0, 'a","b'),
        derive_seed(0, "b", "a"),
        derive_seed(0, "1"),
        derive_seed(0, 1),
        derive_seed(1, 0),
        derive_seed(0),
    ]
    assert len(set(seeds)) == len(seeds)


def test_numpy_integers_count_as_integers() -> None:
    assert derive_seed(np.int64(3), "a", np.uint8(2)) == derive_seed(3, "a", 2)  # type: ignore[arg-type]  # what a caller's rng.integers gives
    with pytest.raises(TypeError):
        derive_seed(0, object())  # type: ignore[arg-type]  # the fault is the point


def test_a_generator_does_not_depend_on_what_was_drawn_before() -> None:
    names = ["coins", "split", "gate"]
    forwards = {name: generator(5, name).random(3).tolist() for name in names}
    backwards = {name: generator(5, name).random(3).tolist() for name in reversed(names)}
    assert forwards == backwards
    assert len({tuple(drawn) for drawn in forwards.values()}) == 3


def test_row_seed_is_a_hash_of_the_row() -> None:
    # 1.0 and -2.5 as IEEE 754 doubles, least significant byte first, written out by hand
    row_bytes = bytes.fromhex("000000000000f03f00000000000004c0")
    text = f'[9,"{hashlib.sha256(row_bytes).hexdigest()}"]'
    assert row_seed(9, np.array([1.0, -2.5])) == hashed(text)


@given(
    hnp.arrays(np.float64, (5, 3), elements=st.floats(allow_nan=False)), st.permutations(range(5))
)
def test_row_seed_depends_on_content_only(matrix: Any, order: list[int]) -> None:
    seeds = [row_seed(1, row) for row in matrix]
    shuffled = np.asfortranarray(matrix[order])
    assert [row_seed(1, row) for row in shuffled] == [seeds[i] for i in order]
    for i in range(5):
        for j in range(5):
            assert (seeds[i] == seeds[j]) == np.array_equal(matrix[i], matrix[j])


def test_equal_rows_of_other_bits_share_their_seed() -> None:
    assert row_seed(0, np.array([0.0, 1.0])) == row_seed(0, np.array([-0.0, 1.0]))
    assert row_seed(0, np.array([np.nan])) == row_seed(0, np.array([-np.nan]))
    assert row_seed(0, np.array([np.nan])) != row_seed(0, np.array([0.0]))
    assert row_seed(0, np.array([1.0])) != row_seed(1, np.array([1.0]))


def global_state() -> tuple[Any, Any]:
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 (the state that must not change)
    return (name, np.asarray(keys).tolist(), rest), random.getstate()


def draw() -> tuple[float, float]:
    return float(np.random.random()), random.random()  # noqa: NPY002 (what the shield is for)


def assert_leaves_no_trace(shield: Shield) -> None:
    before = global_state()
    with shield(3):
        draw()
    assert global_state() == before, "the caller's state must come back"


def assert_leaves_no_trace_when_it_fails(shield: Shield) -> None:
    before = global_state()
    with pytest.raises(KeyError), shield(3):
        draw()
        raise KeyError
    assert global_state() == before, "the caller's state must come back after an exception too"


def assert_repeats(shield: Shield) -> None:
    drawn = []
    for _ in range(2):
        draw()
        with shield(3):
            drawn.append(draw())
    assert drawn[0] == drawn[1], "equal seeds must give equal draws"


CHECKS = [assert_leaves_no_trace, assert_leaves_no_trace_when_it_fails, assert_repeats]


@pytest.mark.parametrize("check", CHECKS)
def test_the_shield(check: Callable[[Shield], None]) -> None:
    check(shielded_global_rng)


@contextmanager
def only_seeds(seed: int) -> Iterator[None]:
    np.random.seed(seed)  # noqa: NPY002 (a planted fault)
    random.seed(seed)
    yield


@contextmanager
def forgets_finally(seed: int) -> Iterator[None]:
    state = np.random.get_state(), random.getstate()  # noqa: NPY002 (a planted fault)
    np.random.seed(seed)  # noqa: NPY002 (a planted fault)
    random.seed(seed)
    yield
    np.random.set_state(state[0])  # noqa: NPY002 (a planted fault)
    random.setstate(state[1])


@contextmanager
def forgets_python(seed: int) -> Iterator[None]:
    state = np.random.get_state()  # noqa: NPY002 (a planted fault)
    np.random.seed(seed)  # noqa: NPY002 (a planted fault)
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002 (a planted fault)


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (assert_leaves_no_trace, only_seeds),
        (assert_leaves_no_trace, forgets_python),
        (assert_leaves_no_trace_when_it_fails, forgets_finally),
        (assert_repeats, forgets_python),
    ],
)
def test_the_checks_of_the_shield_can_fail(check: Callable[[Shield], None], fault: Shield) -> None:
    with shielded_global_rng(0), pytest.raises(AssertionError):
        check(fault)


def test_shields_nest() -> None:
    with shielded_global_rng(1):
        first = draw()
        with shielded_global_rng(2):
            draw()
        second = draw()
    with shielded_global_rng(1):
        assert (draw(), draw()) == (first, second)
