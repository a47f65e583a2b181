"""Whether the model answers an explainer's queries under another regime than real data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.gaps import LEAST_SPREAD, Gaps, Split, measure_gaps
from explaudit.audit.outcome import Hidden, Judgement, Power, TestResult
from explaudit.audit.surrogate import Design
from explaudit.audit.twins import fit_twins
from explaudit.seeds import generator

__all__ = ["RegimeTest", "tail"]

Array = npt.NDArray[np.float64]

#: From this share on, one and the same answer to queries that the twins answer otherwise is taken
#: for a check of the input, which hides all features alike.
_CONSTANT = 0.9
_TOO_FEW_ROWS = 100
#: Standard deviation of the twins' scores at the least; where all twins agree it would be 0, and
#: nothing that the model does could be ordinary.
_LEAST_DEVIATION = 0.4


@dataclass(frozen=True)
class RegimeTest(Detector):
    """Compare what each feature does on real rows and on an explainer's queries, with honest twins.

    Two additive surrogates are fitted, to the model's answers on real rows and to those on the
    explainer's queries. What a feature contributes to the one less what it contributes to the other
    is its gap. Honest models have gaps too, since they may do anything off the data; how large
    ones is seen from their twins, which answer the same queries. The score is the largest gap of
    all features and outputs, in spreads of the twins, averaged over two splits of the real rows:
    twins learn from one part, and everything is compared on the other.

    Parameters
    ----------
    n_twins : int
        How many twins, over both splits; an even number.

    Notes
    -----
    The probability of a score comes from a Gumbel distribution, that of largest values, fitted to
    the scores of the twins themselves, each held against the others, and widened by a factor that
    was fitted to honest models (`CALIBRATION`).

    Where the model gives one and the same answer to nearly all queries that the twins answer
    otherwise, the test says nothing: a check of the input that refuses impossible rows does that.

    Source: this project; the scaffolds that it finds are of Slack et al. 2020 (AIES).
    """

    name: ClassVar[str] = "regime"
    source: ClassVar[str] = "this project: effects in two regimes against honest twins"

    n_twins: int = 100

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Judge by every explainer's queries."""
        n_real = len(evidence.real)
        if n_real < _TOO_FEW_ROWS:
            reason = f"{n_real} real rows are too few to tell; at least {_TOO_FEW_ROWS} are needed"
            names = [_test_name(explainer) for explainer in evidence.queries]
            return Judgement(
                tests=tuple(TestResult(name=name, p_value=None, reason=reason) for name in names)
            )
        splits = self._splits(evidence, seed)
        judged = [
            _judge(evidence, explainer, asked, splits, alpha)
            for explainer, asked in evidence.queries.items()
        ]
        return Judgement(
            tests=tuple(one.tests[0] for one in judged),
            hidden=tuple(found for one in judged for found in one.hidden),
            power=tuple(power for one in judged for power in one.power),
        )

    def _splits(self, evidence: Evidence, seed: int) -> list[Split]:
        order = generator(seed, "splits").permutation(len(evidence.real))
        halves = np.array_split(order, 2)
        design = Design.of(evidence.encoder, evidence.real.rows, evidence.sensitive_columns)
        rows, answers = evidence.real.rows, evidence.real.answers
        labels = bool(np.isin(answers, (0.0, 1.0)).all())
        splits = []
        for number, (learn, compare) in enumerate((halves, halves[::-1])):
            twins = fit_twins(
                evidence.encoder,
                (rows[learn], answers[learn]),
                (rows[compare], answers[compare]),
                labels=labels,
                n_twins=self.n_twins // 2,
                rng=generator(seed, "twins", number),
            )
            real = Asked(rows[compare], answers[compare])
            splits.append(Split(design, twins, real, twins.answers(real.rows)))
        return splits


def _judge(
    evidence: Evidence,
    explainer: str,
    asked: Asked,
    splits: Sequence[Split],
    alpha: float,
) -> Judgement:
    name = _test_name(explainer)
    answered = [split.twins.answers(asked.rows) for split in splits]
    constant = np.mean([_constant_share(asked.answers, said) for said in answered])
    if constant >= _CONSTANT:
        reason = (
            f"cannot say: of the queries that ordinary models answer otherwise, the model gives "
            f"{constant:.0%} one and the same answer, as a check that refuses impossible input "
            "would; no feature is shown in place of another"
        )
        test = TestResult(name=name, p_value=None, queries=len(asked), reason=reason)
        return Judgement(tests=(test,))
    gaps = [measure_gaps(split, asked, said) for split, said in zip(splits, answered, strict=True)]
    n_models = min(each.scores.shape[2] for each in gaps)
    scores = np.mean([each.scores[:, :, :n_models] for each in gaps], axis=0)
    largest = scores.max(axis=(0, 1))
    score, null = float(largest[0]), largest[1:]
    moments = float(null.mean()), float(null.std(ddof=1))
    threshold = _threshold(*moments, CALIBRATION.scale, alpha)
    hidden = _hidden(evidence, explainer, gaps, n_models)
    feature = evidence.encoder.names[int(scores[:, :, 0].max(axis=1).argmax())]
    test = TestResult(
        name=name,
        p_value=tail(score, *moments, CALIBRATION.scale),
        score=score,
        threshold=threshold,
        queries=len(asked),
        reason=_reason(explainer, feature, score, threshold),
        details={
            "twin_rank_p_value": float((1 + (null >= score).sum()) / (1 + len(null))),
            "twins": float(sum(len(split.twins.predict) for split in splits)),
            "twin_error": float(np.mean([split.twins.errors.mean() for split in splits])),
            "constant_answers": float(constant),
            "null_mean": moments[0],
            "null_spread": moments[1],
        },
    )
    power = _power(evidence, name, gaps, n_models, threshold)
    return Judgement(tests=(test,), hidden=hidden, power=power)


def _constant_share(answers: Array, twin_answers: Array) -> float:
    """Return how often the commonest answer is given where most twins are far from it."""
    rows, counts = np.unique(np.round(answers, 9), axis=0, return_counts=True)
    common = rows[int(counts.argmax())]
    typical = np.median(twin_answers, axis=0)
    spread = max(float(twin_answers.std()), LEAST_SPREAD)
    otherwise = np.abs(typical - common).max(axis=1) > spread
    if otherwise.sum() < 10:
        return 0.0
    return float(np.isclose(answers[otherwise], common).all(axis=1).mean())


def tail(score: float, mean: float, spread: float, scale: float) -> float:
    """Return the probability that an honest model scores as high.

    The distribution is Gumbel's, that of a largest value, fitted by moments: a twin's score is
    bounded, so that a likelihood would follow single twins.

    Parameters
    ----------
    score : float
        The model's score.
    mean, spread : float
        Mean and standard deviation of its twins' scores.
    scale : float
        Factor on the standard deviation, by which honest models stray further than twins.
    """
    from scipy import stats

    return float(stats.gumbel_r.sf(score, *_gumbel(mean, spread, scale)))


def _threshold(mean: float, spread: float, scale: float, alpha: float) -> float:
    from scipy import stats

    return float(stats.gumbel_r.isf(alpha, *_gumbel(mean, spread, scale)))


def _gumbel(mean: float, spread: float, scale: float) -> tuple[float, float]:
    width = max(spread, _LEAST_DEVIATION) * np.sqrt(6) / np.pi
    return mean - float(np.euler_gamma) * width, width * scale


def _hidden(
    evidence: Evidence, explainer: str, gaps: Sequence[Gaps], n_models: int
) -> tuple[Hidden, ...]:
    """Estimate what the queries leave out of each sensitive feature, with the twins' spread."""
    found = []
    for name, j in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
        real = np.mean([each.real[j, :, :n_models] for each in gaps], axis=0)
        shown = np.mean([each.shown[j, :, :n_models] for each in gaps], axis=0)
        output = int(real[:, 0].argmax())
        left_out = (real - shown)[output]
        bias, spread = float(left_out[1:].mean()), float(left_out[1:].std(ddof=1))
        estimate = float(left_out[0]) - bias
        found.append(
            Hidden(
                feature=name,
                estimate=estimate,
                low=estimate - 1.96 * spread * CALIBRATION.scale,
                high=estimate + 1.96 * spread * CALIBRATION.scale,
                real=float(real[output, 0]),
                shown=float(shown[output, 0]),
                explainer=explainer,
            )
        )
    return tuple(found)


def _power(
    evidence: Evidence, test: str, gaps: Sequence[Gaps], n_models: int, threshold: float
) -> tuple[Power, ...]:
    """Say how much of a feature's effect must be hidden to be found four times out of five.

    Hiding so much puts the model as far from its twins. The score is that distance less the twins'
    own, in spreads of theirs, and 0.84 spreads above the threshold make four times out of five.
    """
    found = []
    for name, j in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
        twins = np.mean([each.distances[j, :, 1:n_models] for each in gaps], axis=0)
        needed = twins.mean(axis=1) + (threshold + 0.84) * (twins.std(axis=1) + LEAST_SPREAD)
        found.append(Power(test=test, feature=name, smallest_effect=float(needed.min())))
    return tuple(found)


def _test_name(explainer: str) -> str:
    return f"regime of {explainer}"


def _reason(explainer: str, feature: str, score: float, threshold: float) -> str:
    if score < threshold:
        return (
            f"the model answers the queries of {explainer} as ordinary models do that agree with "
            "it on real rows"
        )
    return (
        f"the model answers the queries of {explainer} under another regime than real rows; "
        f"of all features {feature} stands out most"
    )
