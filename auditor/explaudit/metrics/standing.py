"""The table of metrics of where the sensitive feature, or another, stands in an explanation."""

from __future__ import annotations

from explaudit.metrics.sensitive import (
    at_rank,
    sensitive_rank,
    sensitive_share,
    sensitive_top,
    unrelated_share,
    unrelated_top1,
)
from explaudit.metrics.spec import BY_SIZE, MetricSpec

__all__ = ["STANDING"]

_STUDY = "Slack et al. 2020 (AIES), section 4"
_GRADED = "explaudit: a graded form of the published rank-1 count"
_NOTHING_SHOWN = "all attributions are zero, or the feature has none in the row"
# what real rows say of the sensitive feature, without any explanation
_INSTEAD = "matched_pair_effect"

STANDING: tuple[MetricSpec, ...] = (
    *(
        MetricSpec(
            name=f"sensitive_top{k}",
            kind="evidence",
            family="sensitive feature",
            direction="higher",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The sensitive feature is among the {k} of largest absolute attribution."
            if k > 1
            else "The sensitive feature has the largest absolute attribution.",
            claims="where it is not, the model relies on other features more",
            instead=_INSTEAD,
            function=sensitive_top(k),
            invariances=BY_SIZE,
        )
        for k in (1, 2, 3)
    ),
    *(
        MetricSpec(
            name=f"sensitive_rank{k}",
            kind="evidence",
            family="sensitive feature",
            # a feature that leaves rank k may have gone up or down, so that nothing is claimed
            direction="none",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The sensitive feature stands exactly at rank {k}.",
            instead=_INSTEAD,
            function=at_rank(k),
            invariances=BY_SIZE,
        )
        for k in (2, 3)
    ),
    MetricSpec(
        name="sensitive_rank",
        kind="evidence",
        family="sensitive feature",
        direction="lower",
        range=(1.0, None),
        unit="rank",
        source=f"{_STUDY}, with mid-ranks for ties",
        description="Rank of the sensitive feature by absolute attribution; 1 is first.",
        claims="far behind, the model relies on other features more",
        instead=_INSTEAD,
        function=sensitive_rank,
        invariances=BY_SIZE,
    ),
    MetricSpec(
        name="sensitive_share",
        kind="evidence",
        family="sensitive feature",
        direction="higher",
        range=(0.0, 1.0),
        unit="share of attribution",
        source=_GRADED,
        description="The sensitive feature's share of the sum of absolute attributions.",
        claims="near 0, the model hardly uses the sensitive feature",
        instead=_INSTEAD,
        function=sensitive_share,
        invariances=BY_SIZE,
        undefined=_NOTHING_SHOWN,
    ),
    *(
        MetricSpec(
            name=f"unrelated_{number}_top1",
            kind="evidence",
            family="sensitive feature",
            direction="lower",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The {ordinal} feature that the innocuous model uses has the largest "
            "absolute attribution.",
            claims="where it has, the model relies on it most",
            instead=_INSTEAD,
            function=unrelated_top1(1 if number == "one" else 2),
            invariances=BY_SIZE,
            needs=("unrelated_one",) if number == "one" else ("unrelated_two",),
        )
        for number, ordinal in (("one", "first"), ("two", "second"))
    ),
    MetricSpec(
        name="unrelated_share",
        kind="evidence",
        family="sensitive feature",
        direction="lower",
        range=(0.0, 1.0),
        unit="share of attribution",
        source=_GRADED,
        description="Share of the sum of absolute attributions on the features that the innocuous "
        "model uses.",
        claims="near 1, the model hardly uses any other feature",
        instead=_INSTEAD,
        function=unrelated_share,
        invariances=BY_SIZE,
        needs=("unrelated_one",),
        undefined=_NOTHING_SHOWN,
    ),
)
