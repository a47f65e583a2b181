"""Answers in a unit of their own, so that no test depends on what numbers are counted in."""

from __future__ import annotations

import dataclasses

import msgspec

from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Hidden, Judgement, Power

__all__ = ["answer_unit", "hidden_out_of_units", "in_units", "power_out_of_units"]


def answer_unit(evidence: Evidence) -> float:
    """Return the unit of answers: their spread on real rows if they are numbers of any size."""
    spread = float(evidence.real.answers.std())
    return spread if evidence.target.answers == "values" and spread > 0 else 1.0


def in_units(evidence: Evidence, unit: float) -> Evidence:
    """Return evidence with all answers divided by a unit."""
    if unit == 1.0:
        return evidence

    def divided(asked: Asked) -> Asked:
        return Asked(asked.rows, asked.answers / unit)

    return dataclasses.replace(
        evidence,
        real=divided(evidence.real),
        queries={name: divided(asked) for name, asked in evidence.queries.items()},
        toggled={
            name: dataclasses.replace(each, answers=each.answers / unit)
            for name, each in evidence.toggled.items()
        },
    )


def hidden_out_of_units(judged: Judgement, unit: float) -> tuple[Hidden, ...]:
    """Return hidden effects in what the model answers in."""
    names = ("estimate", "low", "high", "real", "shown")
    return tuple(
        msgspec.structs.replace(one, **{name: getattr(one, name) * unit for name in names})
        for one in judged.hidden
    )


def power_out_of_units(judged: Judgement, unit: float) -> tuple[Power, ...]:
    """Return the smallest hidden effects in what the model answers in."""
    return tuple(
        msgspec.structs.replace(
            one,
            smallest_effect=None if one.smallest_effect is None else one.smallest_effect * unit,
        )
        for one in judged.power
    )
