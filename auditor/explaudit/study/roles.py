"""Who plays what on each data set: the sensitive feature, the biased rule f, the innocuous psi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explaudit.cells import Part
from explaudit.errors import InvalidInputError

__all__ = ["OWN", "PROTOCOLS", "SIDES", "UNRELATED", "Protocol", "Roles", "roles", "roles_of"]

Protocol = Literal["sound", "published"]
PROTOCOLS: tuple[Protocol, ...] = ("sound", "published")

#: Who is protected where the sensitive feature is a number: those on this side of the mean.
SIDES = ("above", "below")

#: The data set's name of a user's own table.
OWN = "file"

#: The fair-coin columns that are appended to the tables.
UNRELATED = ("unrelated_one", "unrelated_two")


@dataclass(frozen=True)
class Roles:
    """The parts that are played on one data set under one protocol.

    Attributes
    ----------
    sensitive : str
        The sensitive feature.
    protected : str
        Which rows are protected, hence denied by f: ``"above"`` or ``"below"`` the training mean
        of the sensitive feature, or the level of a categorical one.
    innocuous : dict of str to Part
        The innocuous models psi, by the number of unrelated features that they look at.
    n_coins : int
        How many fair-coin columns are appended.
    biased_text, innocuous_text : str
        The rules in words.
    """

    sensitive: str
    protected: str
    innocuous: dict[str, Part]
    n_coins: int
    biased_text: str
    innocuous_text: str

    def biased(self, strength: float | None) -> Part:
        """Return the biased model f.

        Parameters
        ----------
        strength : float or None
            None for the study's rule: the unfavourable answer exactly for protected rows. A number
            for a trained model's score less that much for protected rows.
        """
        # thresholds are 0 because numeric tables are standardised before any model sees them
        group = {"column": self.sensitive, "threshold": 0.0, "negative_when": self.protected}
        if strength is None:
            return Part("sensitive_rule", group)
        return Part("score_bias", {**group, "strength": strength})

    def describe(self, strength: float | None) -> str:
        """Return in words what :meth:`biased` does."""
        if strength is None:
            return self.biased_text
        return (
            f"a trained score of which {strength:g} is taken off for the rows that the study's "
            f"rule denies ({self.biased_text}); unfavourable below one half"
        )


def _unrelated_rule(*columns: str, **settings: list[str] | list[float]) -> Part:
    return Part("unrelated_rule", {"columns": list(columns), **settings})


_COINS_ONE = _unrelated_rule(UNRELATED[0])
_COINS_TWO = _unrelated_rule(*UNRELATED)
_COIN_TEXT = (
    "unfavourable iff a fair-coin column that has nothing to do with anyone shows 1; "
    "with two features: iff two such columns differ (XOR)"
)

_SOUND = {
    "compas": ("race", "African-American", "unfavourable iff race is African-American"),
    "german": ("sex", "female", "unfavourable iff sex is female"),
    "adult": ("sex", "Female", "unfavourable iff sex is Female"),
    "communities": (
        "racePctWhite",
        "below",
        "unfavourable iff the share of white residents is below the average community's",
    ),
}

_PUBLISHED = {
    "compas": Roles(
        "race",
        "above",
        {"one": _COINS_ONE, "two": _COINS_TWO},
        2,
        "unfavourable iff race is African-American",
        _COIN_TEXT,
    ),
    "german": Roles(
        "Gender",
        "below",
        {"one": _unrelated_rule("LoanRateAsPercentOfIncome")},
        0,
        "unfavourable iff gender is female",
        "unfavourable iff the loan rate is above the average percentage of income",
    ),
    "communities": Roles(
        "racePctWhite",
        "above",
        {
            "one": _COINS_ONE,
            "two": _unrelated_rule(
                *UNRELATED, threshold=[0.5, -0.5], negative_when=["above", "below"]
            ),
        },
        2,
        "unfavourable iff the share of white residents is above the average community's "
        "(the published direction)",
        _COIN_TEXT,
    ),
}


def roles(dataset: str, protocol: Protocol) -> Roles:
    """Return who plays what.

    Source: Slack et al. (2020), section 4 and the authors' published code for the "published"
    protocol.

    Raises
    ------
    InvalidInputError
        If the protocol has no such data set.
    """
    known = _SOUND if protocol == "sound" else _PUBLISHED
    if dataset not in known:
        raise InvalidInputError(
            "dataset", f"one of {', '.join(sorted(known))} under protocol {protocol!r}", dataset
        )
    if protocol == "published":
        return _PUBLISHED[dataset]
    sensitive, protected, text = _SOUND[dataset]
    innocuous = {"one": _COINS_ONE, "two": _COINS_TWO}
    return Roles(sensitive, protected, innocuous, 2, text, _COIN_TEXT)


def roles_of(dataset: Part) -> Roles:
    """Return who plays what on a data set as it stands in a cell.

    Parameters
    ----------
    dataset : Part
        With the setting ``protocol``. A user's own table, under the name :data:`OWN`, also says
        which column is ``sensitive``, and who is ``protected`` as in :class:`Roles`.

    Raises
    ------
    InvalidInputError
        If the protocol has no such data set.
    """
    if dataset.name != OWN:
        return roles(dataset.name, dataset.settings["protocol"])
    sensitive, protected = dataset.settings["sensitive"], dataset.settings["protected"]
    return Roles(
        sensitive,
        protected,
        {"one": _COINS_ONE, "two": _COINS_TWO},
        2,
        f"unfavourable iff {sensitive} is {protected}"
        + (" the average" if protected in SIDES else ""),
        _COIN_TEXT,
    )
