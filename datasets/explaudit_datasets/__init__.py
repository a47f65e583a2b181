"""Packaged data sets, their cards, the tables of the published study, and synthetic data.

Four data sets come with the package and are checked against their SHA-256 when they are loaded;
nothing is downloaded. `card` tells the source, the licence, what was changed and the known harms
of each. `load_published` gives the tables of the study of Slack et al. (2020) as it encodes them.
`make_synthetic` makes data whose generating function, and so the true effect of the sensitive
feature, is known.
"""

from __future__ import annotations

from explaudit_datasets.catalogue import Card, Package, card, names
from explaudit_datasets.errors import DataError
from explaudit_datasets.generating import GeneratingFunction
from explaudit_datasets.loading import Dataset, load
from explaudit_datasets.published import PublishedTable, load_published, published_names
from explaudit_datasets.synthetic import SyntheticDataset, Truth, make_synthetic

__all__ = [
    "Card",
    "DataError",
    "Dataset",
    "GeneratingFunction",
    "Package",
    "PublishedTable",
    "SyntheticDataset",
    "Truth",
    "card",
    "load",
    "load_published",
    "make_synthetic",
    "names",
    "published_names",
]
