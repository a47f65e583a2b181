"""What must be said about a data set and the roles played on it."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.cells import Part, Record
from explaudit.results import DatasetNote
from explaudit.study.roles import OWN, roles_of
from explaudit_datasets import card

__all__ = ["dataset_note"]

#: How tables are prepared under each protocol, in words.
_PREPARATION = {
    "sound": (
        "Categorical columns stay one feature each; numbers are standardised by the training rows; "
        "two fair-coin columns are added; 30 % of the rows are held out and never seen by the gate."
    ),
    "published": (
        "As in the published study: every column is standardised, both levels of a binary variable "
        "are columns of their own, 10 % of the rows are held out."
    ),
}


def dataset_note(
    dataset: Part, records: Sequence[Record], *, strength: float | None = None
) -> DatasetNote:
    """Return what must be said about a data set and the roles played on it.

    Parameters
    ----------
    dataset : Part
        As :func:`explaudit.study.roles.roles_of` takes it.
    records : sequence of Record
        Of all data sets; what they say of this one's size goes before its card.
    strength : float, optional
        Of the bias; None for the rule.
    """
    played = roles_of(dataset)
    own = [r for r in records if r.cell.dataset.name == dataset.name and r.status == "ok"]
    behaviour = next((r for r in own if r.cell.kind == "behaviour"), None)
    scalars = behaviour.scalars if behaviour else {}
    facts = None if dataset.name == OWN else card(dataset.name)
    return DatasetNote(
        name=dataset.name,
        title=facts.title if facts else "The user's own table",
        n_rows=int(scalars.get("n_rows") or (facts.n_rows if facts else 0)),
        n_features=int(scalars.get("n_features") or (facts.n_columns if facts else 0)),
        sha256=own[0].data_sha256 if own else facts.sha256 if facts else "",
        source=facts.source if facts else "",
        licence=facts.licence if facts else "",
        known_harms=" ".join(facts.known_harms) if facts else "",
        sensitive=played.sensitive,
        biased_rule=played.describe(strength),
        innocuous_rule=played.innocuous_text,
        preparation=_PREPARATION[dataset.settings.get("protocol", "sound")],
    )
