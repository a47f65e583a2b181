"""The tree-file audit: the explanation a tree model's file gives, and the one real rows give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from explaudit.audit._groups import groups_of
from explaudit.audit._trees.agreement import agreement
from explaudit.audit._trees.checks import base_value, cover, explanation, hidden_credit, sums
from explaudit.audit._trees.class_ratio import class_ratios
from explaudit.audit._trees.comparison import Comparison, Gap
from explaudit.audit._trees.credit import Credit
from explaudit.audit._trees.ensemble import Ensemble, UnsupportedFileError
from explaudit.audit._trees.ranking import ranking
from explaudit.audit._trees.reading import read_trees
from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.outcome import Finding, Judgement, TestResult
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["TreeFileAudit"]

Array = npt.NDArray[np.float64]

#: A file that answers fewer rows than these as the model does is another model's.
_SAME_MODEL = 0.99
_FEWEST_ROWS = 30
#: P-values above this cast no suspicion.
_SUSPICIOUS = 0.1


@dataclass(frozen=True)
class TreeFileAudit(Detector):
    """Compare the covers that a tree model's file records with those that real rows give.

    Path-dependent TreeSHAP, and the contributions that xgboost and lightgbm compute themselves,
    take the recorded cover of a branch for the chance that a row goes there: in xgboost the sum of
    its rows' hessians, in lightgbm and scikit-learn their number. No answer depends on it, so
    whoever writes the file can change what it says of itself, and no question put to the model will
    show it. But other rows of the same population must give the same covers up to sampling noise:
    the model's own margins tell how much each row weighed in each tree. Four tests, of which
    the third is shown and not counted:

    - ``sums``: covers of children add up to their parent's;
    - ``covers``: at no split are recorded and counted odds of going left further apart than
      `tolerance` and noise allow (exact, Bonferroni over splits);
    - ``base value``: the mean margin that recorded covers imply is that of real rows, which
      also weights of training rows can move;
    - ``explanation``: the sensitive features get the credit that real rows give them, in each of
      their groups.

    In the last two the recorded shares are held against the nearest ones within `tolerance` of
    the counted, and the difference against Student's t, with the deviation that resampled rows
    give, widened for the sampling of the training rows. Nothing is asked of the model.

    Path-dependent and interventional TreeSHAP answer different questions where features depend
    on each other, so that honest files differ in them: they are given in the details, as are
    ranks, and are no test.

    Attributes
    ----------
    tolerance : float
        Odds of going left may differ by this factor, since the training rows may be of another
        time, or weighed. Weights by class, or another mix of classes, are read off the file's
        splits on other features and allowed for besides.
    n_resamples : int
    rows_per_group : int
        At the most so many rows of each group of a sensitive feature are explained.
    most_nodes : int
        Of a forest with more nodes than this, so many trees are drawn and judged as these have;
        all of them are asked whether covers add up.
    """

    name: ClassVar[str] = "tree_file"
    source: ClassVar[str] = (
        "Recount of covers by this project; path-dependent and interventional TreeSHAP: Lundberg "
        "et al. 2020 (Nature Machine Intelligence 2)"
    )

    tolerance: float = 2.0
    n_resamples: int = 100
    rows_per_group: int = 40
    most_nodes: int = 6000

    def __post_init__(self) -> None:
        for name, least in (
            ("tolerance", 1.0),
            ("n_resamples", 10),
            ("rows_per_group", 10),
            ("most_nodes", 1),
        ):
            if not getattr(self, name) >= least:
                raise InvalidInputError(name, f"at least {least}", getattr(self, name))

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Judge the file or estimator that the evidence holds; without one there is nothing to say.

        Parameters
        ----------
        evidence : Evidence
            All its real rows, asked or not, are counted.
        alpha : float
            Intervals are at the level ``1 - alpha``.
        seed : int

        Raises
        ------
        InvalidInputError
            If the file is missing or broken.
        """
        if evidence.model_file is None:
            return Judgement()
        try:
            whole = read_trees(evidence.model_file)
            case = self._case(evidence, whole, generator(seed, "trees"))
        except UnsupportedFileError as error:
            return _silent(str(error))
        if len(case.matrix) < _FEWEST_ROWS:
            return _silent(f"{len(case.matrix)} real rows are too few to count covers with.")
        added_up = sums(whole)
        if added_up.score == np.inf:
            return Judgement(tests=(added_up,), findings=case.findings)
        credits = self._credits(case, generator(seed, "groups"))
        views = self._views(case, credits, seed)
        p_value = max(each.p_value for each in views)
        tests = (
            added_up,
            max((each.cover for each in views), key=_p_value),
            max((each.base_value for each in views), key=_p_value),
            _explanation(case, views[0], p_value, credits, generator(seed, "ranking")),
        )
        hidden = tuple(map(partial(hidden_credit, alpha=alpha), credits, views[0].gaps))
        return Judgement(tests=tests, hidden=hidden, findings=case.findings)

    def _views(self, case: _Case, credits: Sequence[Credit], seed: int) -> list[_View]:
        """Compare under the class weights that suit the file, if one of them casts suspicion.

        A test then counts with the largest p-value that any of them gives it; what is hidden is
        estimated under the first, which is nearest to what the file tells. Where that one casts no
        suspicion, the others could only raise p-values that say nothing anyway.
        """
        first, *others = class_ratios(case.ensemble, case.leaves, case.sensitive_columns)
        views = [self._view(case, credits, first, seed)]
        tests = views[0].cover, views[0].base_value
        if min(views[0].p_value, *map(_p_value, tests)) <= _SUSPICIOUS:
            views += [self._view(case, credits, ratio, seed) for ratio in others]
        return views

    def _view(self, case: _Case, credits: Sequence[Credit], class_ratio: float, seed: int) -> _View:
        comparison = Comparison.of(
            case.ensemble,
            case.leaves,
            class_ratio=class_ratio,
            tolerance=self.tolerance,
            n_resamples=self.n_resamples,
            rng=generator(seed, "resamples"),
        )
        return _View(
            cover(case.ensemble, case.names, comparison),
            base_value(case.ensemble, case.leaves, comparison),
            [comparison.gap(credit.sizes) for credit in credits],
            comparison,
        )

    def _case(self, evidence: Evidence, whole: Ensemble, rng: np.random.Generator) -> _Case:
        asked = evidence.real.rows
        matrix = np.vstack([asked, evidence.unasked]) if len(evidence.unasked) else asked
        table = evidence.encoder.decode(matrix)
        rows, names = whole.rows(table), whole.names(table)
        leaves = whole.trees.route(rows)
        same = agreement(whole, leaves[: len(asked)], evidence.real.answers)
        ensemble = whole.thinned(self.most_nodes, rng)
        if ensemble is not whole:
            leaves = ensemble.trees.route(rows)
        findings = () if same is None or same >= _SAME_MODEL else (_other_model(same),)
        return _Case(
            ensemble, evidence.encoder, evidence.sensitive, matrix, rows, leaves, names, findings
        )

    def _credits(self, case: _Case, rng: np.random.Generator) -> list[Credit]:
        credits = []
        for name in case.sensitive:
            groups = groups_of(case.encoder, case.matrix, name, rng, most_rows=self.rows_per_group)
            credits.append(Credit.of(case.ensemble, case.rows, groups, case.columns(name)))
        return [credit for credit in credits if credit is not None]


@dataclass(frozen=True, eq=False)
class _Case:
    """A file and the real rows to judge it by, as the encoder and as the trees see them."""

    ensemble: Ensemble
    encoder: Encoder
    sensitive: tuple[str, ...]
    matrix: Array
    rows: Array
    leaves: npt.NDArray[np.intp]
    names: Sequence[str]
    findings: tuple[Finding, ...]

    def columns(self, feature: str) -> list[int]:
        """Return which of the trees' columns a feature stands for."""
        held = self.encoder.features[self.encoder.index(feature)].columns
        return [self.names.index(column) for column in held if column in self.names]

    @property
    def sensitive_columns(self) -> list[int]:
        """Which of the trees' columns the sensitive features stand for."""
        return [column for name in self.sensitive for column in self.columns(name)]


class _View(NamedTuple):
    """The tests under one assumption about class weights."""

    cover: TestResult
    base_value: TestResult
    gaps: list[Gap]
    comparison: Comparison

    @property
    def p_value(self) -> float:
        """Of the explanation: Bonferroni over the sensitive features."""
        return min(1.0, len(self.gaps) * min((gap.p_value for gap in self.gaps), default=1.0))


def _p_value(test: TestResult) -> float:
    return 1.0 if test.p_value is None else test.p_value


def _explanation(
    case: _Case,
    view: _View,
    p_value: float,
    credits: Sequence[Credit],
    rng: np.random.Generator,
) -> TestResult:
    """Report the sensitive feature, and its group, whose credit differs the most."""
    if not credits:
        reason = "No tree splits on a sensitive feature, so covers can hide none of its credit."
        return TestResult(name="tree file: explanation", p_value=None, reason=reason)
    gaps = view.gaps
    worst = min(range(len(credits)), key=lambda k: gaps[k].p_value)
    group = credits[worst].groups[gaps[worst].worst]
    details = ranking(
        case.ensemble,
        view.comparison,
        case.rows[group.rows],
        case.rows,
        [case.columns(name) for name in case.encoder.names],
        case.encoder.index(group.feature),
        rng,
    )
    details["class_ratio"] = view.comparison.class_ratio
    details["trees"] = float(case.ensemble.trees.n_trees)
    return explanation(group, gaps[worst], p_value, details)


def _silent(reason: str) -> Judgement:
    return Judgement(tests=(TestResult(name="tree file", p_value=None, reason=reason),))


def _other_model(same: float) -> Finding:
    text = (
        f"The trees of the file answer {same:.1%} of the real rows as the model does, so the file "
        "is not that of the model that was asked; the tests of the file speak of the file alone."
    )
    return Finding(name="file of another model", feature="", estimate=same, text=text)
