"""The table of faithfulness metrics."""

from __future__ import annotations

from explaudit.metrics.faithfulness.curves import (
    deletion_auc,
    insertion_auc,
    monotonicity,
    remove_and_debias,
)
from explaudit.metrics.faithfulness.drops import (
    faithfulness_correlation,
    faithfulness_estimate,
    infidelity,
    monotonicity_correlation,
    sensitivity_n,
)
from explaudit.metrics.faithfulness.forms import forms
from explaudit.metrics.faithfulness.top import comprehensiveness, pgi, pgu, sufficiency
from explaudit.metrics.faithfulness.usage import non_sensitivity
from explaudit.metrics.spec import BY_SIZE, SIGNED, MetricSpec

__all__ = ["FAITHFULNESS"]

_CONSTANT = "the attributions, or the drops, are constant"
_NO_ORDER = "all attributions are zero"
_NO_CLASS = f"{_NO_ORDER}, or the model's output is neither a probability nor a label"
_TOP = "the top features, a quarter of all (from 1 to 5) by absolute attribution,"
_SIDE = "the score of the predicted side"
_TWINS = (
    "Only features count for which there is a real row that differs in this feature alone; the "
    "model is not asked.",
    "no real row differs in one feature alone",
)

#: Every faithfulness metric; an on-manifold form follows its off-manifold one.
FAITHFULNESS: tuple[MetricSpec, ...] = (
    *forms(
        faithfulness_correlation,
        "higher",
        (-1.0, 1.0),
        "correlation",
        source="Bhatt, Weller and Moura 2020 (IJCAI), the criterion of high faithfulness",
        description="Correlation, over 50 random subsets of a third of the features, of the sum of "
        "their attributions with the drop of the output without them.",
        claims="attributions say how far the output falls without features",
        undefined=_CONSTANT,
        invariances=SIGNED,
    ),
    *forms(
        faithfulness_estimate,
        "higher",
        (-1.0, 1.0),
        "correlation",
        source="Alvarez-Melis and Jaakkola 2018 (NeurIPS), faithfulness of relevance scores",
        description="Correlation, over features, of the attribution with the drop of the output "
        "without the feature.",
        claims="attributions say how far the output falls without each feature",
        undefined=_CONSTANT,
        invariances=SIGNED,
    ),
    *forms(
        sensitivity_n,
        "higher",
        (-1.0, 1.0),
        "correlation",
        source="Ancona et al. 2018 (ICLR), definition of sensitivity-n, by correlation",
        description="Mean, over up to 5 sizes of subset, of the correlation over 20 random subsets "
        "of the sum of attributions with the drop of the output without them.",
        claims="attributions say how far the output falls without features, however many",
        undefined=f"{_CONSTANT} at every size",
        invariances=SIGNED,
    ),
    *forms(
        infidelity,
        "lower",
        (0.0, None),
        "squared output",
        source="Yeh et al. 2019 (NeurIPS), definition 2.1, with subsets of features removed",
        description="Mean squared gap, over 50 random subsets of any size, of the sum of "
        "attributions to the drop of the output without them.",
        claims="attributions add up to the output's response",
        undefined="the attributions are too large to be squared",
        invariances=frozenset({"feature_permutation"}),
    ),
    *forms(
        monotonicity_correlation,
        "higher",
        (-1.0, 1.0),
        "rank correlation",
        source="Nguyen and Martínez 2020 (arXiv 2007.07584), definition of monotonicity",
        description="Rank correlation, over features, of the absolute attribution with the mean "
        "squared change of the output when the feature takes other values.",
        claims="larger attributions are on features that matter more",
        undefined="the absolute attributions, or the changes, are constant",
        invariances=BY_SIZE,
    ),
    *forms(
        comprehensiveness,
        "higher",
        (-1.0, 1.0),
        "fall of the score",
        source="DeYoung et al. 2020, ERASER (ACL), equation of comprehensiveness",
        description=f"Fall of {_SIDE} when {_TOP} are taken away.",
        claims="the top features are necessary for the decision",
        undefined=_NO_CLASS,
        invariances=BY_SIZE,
    ),
    *forms(
        sufficiency,
        "lower",
        (-1.0, 1.0),
        "fall of the score",
        source="DeYoung et al. 2020, ERASER (ACL), equation of sufficiency",
        description=f"Fall of {_SIDE} when all but {_TOP} are taken away.",
        claims="the top features are enough for the decision",
        undefined=f"{_NO_CLASS}, or there is one feature only",
        invariances=BY_SIZE,
    ),
    *forms(
        deletion_auc,
        "lower",
        (0.0, 1.0),
        "area",
        source="Petsiuk, Das and Saenko 2018, RISE (BMVC), deletion",
        description=f"Area under {_SIDE} over the share of features taken away, those of largest "
        "absolute attribution first.",
        claims="the features that come first carry the decision",
        undefined=_NO_CLASS,
        invariances=BY_SIZE,
    ),
    *forms(
        insertion_auc,
        "higher",
        (0.0, 1.0),
        "area",
        source="Petsiuk, Das and Saenko 2018, RISE (BMVC), insertion",
        description=f"Area under {_SIDE} over the share of features that are there, those of "
        "largest absolute attribution first.",
        claims="the features that come first bring the decision about",
        undefined=_NO_CLASS,
        invariances=BY_SIZE,
    ),
    *forms(
        pgi,
        "higher",
        (0.0, None),
        "change of the output",
        source="Agarwal et al. 2022, OpenXAI (NeurIPS Datasets and Benchmarks), PGI",
        description=f"Mean absolute change of the output when {_TOP} are perturbed.",
        claims="the output depends on the top features",
        undefined=_NO_ORDER,
        invariances=BY_SIZE,
    ),
    *forms(
        pgu,
        "lower",
        (0.0, None),
        "change of the output",
        source="Agarwal et al. 2022, OpenXAI (NeurIPS Datasets and Benchmarks), PGU",
        description=f"Mean absolute change of the output when all but {_TOP} are perturbed.",
        claims="the output does not depend on the other features",
        undefined=f"{_NO_ORDER}, or there is one feature only",
        invariances=BY_SIZE,
    ),
    *forms(
        monotonicity,
        "higher",
        (0.0, 1.0),
        "share of steps",
        source="Arya et al. 2019 (arXiv 1909.03012) and Luss et al. 2021 (KDD), monotonicity",
        description=f"Share of steps that do not lower {_SIDE} as features are added, those of "
        "smallest absolute attribution first.",
        claims="every feature supports the decision",
        undefined=_NO_CLASS,
        invariances=BY_SIZE,
    ),
    *forms(
        non_sensitivity,
        "lower",
        (0.0, 1.0),
        "share of features",
        source="Nguyen and Martínez 2020 (arXiv 2007.07584), definition of non-sensitivity",
        description="Share of features that have an attribution though no other value that real "
        "rows have changes the output, or have none though one does.",
        claims="the features without attribution are those that the model does not use",
        invariances=BY_SIZE,
        real=_TWINS,
    ),
    *forms(
        remove_and_debias,
        "lower",
        (0.0, 1.0),
        "area",
        source="Rong et al. 2022 (ICML), ROAD with linear imputation, most relevant first",
        description=f"Area under {_SIDE} over the share of features taken away, those of largest "
        "absolute attribution first, and imputed from those that are left.",
        claims="the features that come first carry the decision, beyond what others say of them",
        undefined=_NO_CLASS,
        invariances=BY_SIZE,
        real=None,
        instead="deletion_auc_on_manifold",
    ),
)
