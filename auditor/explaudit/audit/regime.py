"""Whether the model answers an explainer's queries under another regime than real data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.changes import Changes, Pairs, change_scores
from explaudit.audit.evidence import Asked, Detector, Evidence, Toggled
from explaudit.audit.gaps import Gaps, Split, measure_gaps
from explaudit.audit.outcome import Hidden, Judgement, Power, TestResult
from explaudit.audit.refusals import CONSTANT, TELLING, Refusal, constant_share
from explaudit.audit.regime_results import (
    changes_result,
    level,
    named_result,
    scan_result,
)
from explaudit.audit.regime_silence import cannot_say, left_out, no_twins, one_answer, silent
from explaudit.audit.surrogate import Design
from explaudit.audit.toggles import Toggles
from explaudit.audit.twins import fit_twins
from explaudit.audit.units import (
    answer_unit,
    hidden_out_of_units,
    in_units,
    power_out_of_units,
)
from explaudit.seeds import generator

__all__ = ["RegimeTest"]

Array = npt.NDArray[np.float64]

_TOO_FEW_ROWS = 100
#: Twins that leave more than this share of the variance of numbers unexplained are no twins.
_UNLIKE = 0.5


@dataclass(frozen=True)
class RegimeTest(Detector):
    """Compare what each feature does on real rows and on an explainer's queries, with honest twins.

    Two additive surrogates are fitted, to the model's answers on real rows and to those on the
    explainer's queries. What a feature contributes to the one less what it contributes to the other
    is what the queries leave out of it. Honest models leave out something, too, since they may do
    anything off the data; how much is seen from their twins, which answer the same queries. A score
    is the model's figure less the twins' mean, in spreads of the twins, averaged over two splits of
    the real rows: twins learn from one part, and everything is compared on the other.

    Of each explainer there are three tests. One is of the sensitive features, and of what is left
    out of them. The second scans all other features, and looks both ways: a feature that queries
    show and real rows do not is as odd. The third changes a sensitive feature alone, in real rows
    and in queries: in queries it should not do less, nor less often (see
    :mod:`explaudit.audit.changes`), by the same score.

    Parameters
    ----------
    n_twins : int
        How many twins, over both splits; an even number.

    Notes
    -----
    The probability of a score is that of Student's t, times the number of features and directions
    compared, after the score is divided by a factor that was fitted to honest models
    (`CALIBRATION`): how far they stray from their twins is not how far the twins do from each
    other.

    A check of the input that refuses impossible rows answers queries otherwise than real rows, but
    shows no feature in place of another. Queries with one and the same answer that hardly any real
    row gets are therefore left out; where they are more than a quarter, and the others show
    nothing, the tests say nothing. Nor do they where the model gives one answer to nearly all
    queries that the twins answer otherwise.

    Nor is anything said of numbers, such as noisy ones or a nearest neighbour's, that the twins do
    not reproduce even on real rows.

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
            return silent(evidence, reason)
        unit = answer_unit(evidence)
        evidence = in_units(evidence, unit)
        splits = self._splits(evidence, seed)
        unexplained = _twin_error(splits)
        if evidence.target.answers == "values" and unexplained > _UNLIKE:
            return silent(evidence, no_twins(unexplained))
        judged = [
            _judge(evidence, explainer, asked, splits, alpha)
            for explainer, asked in evidence.queries.items()
        ]
        return Judgement(
            tests=tuple(test for one in judged for test in one.tests),
            hidden=tuple(found for one in judged for found in hidden_out_of_units(one, unit)),
            power=tuple(power for one in judged for power in power_out_of_units(one, unit)),
        )

    def _splits(self, evidence: Evidence, seed: int) -> list[Split]:
        order = generator(seed, "splits").permutation(len(evidence.real))
        halves = np.array_split(order, 2)
        design = Design.of(evidence.encoder, evidence.real.rows)
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
            splits.append(Split(design, twins, real, twins.answers(real.rows), compare))
        return splits


def _judge(
    evidence: Evidence, explainer: str, own: Asked, splits: Sequence[Split], alpha: float
) -> Judgement:
    asked = _with_changed(own, evidence.toggled.get(explainer))
    answered = [split.twins.answers(asked.rows) for split in splits]
    constant = float(np.mean([constant_share(asked.answers, said) for said in answered]))
    if constant >= CONSTANT:
        return cannot_say(explainer, one_answer(constant), len(asked))
    refusal = Refusal.find(evidence.real, asked)
    kept = ~refusal.among(asked.answers) if refusal else np.ones(len(asked), dtype=bool)
    unsaid = f"cannot say, of an explanation that rests on refusals{left_out(refusal)}"
    if kept.sum() < _TOO_FEW_ROWS:
        return cannot_say(explainer, unsaid, len(asked))
    left = Asked(asked.rows[kept], asked.answers[kept])
    gaps = [
        measure_gaps(split, left, said[:, kept])
        for split, said in zip(splits, answered, strict=True)
    ]
    details = {
        "twins": float(sum(len(split.twins.predict) for split in splits)),
        "twin_error": _twin_error(splits),
        "constant_answers": constant,
        "refused": refusal.share if refusal else 0.0,
    }
    scores = np.mean([each.scores for each in gaps], axis=0)
    named = named_result(evidence, explainer, scores, alpha, details)
    tests = [
        msgspec.structs.replace(named, queries=len(own), reason=named.reason + left_out(refusal)),
        scan_result(evidence, explainer, scores, alpha, details),
    ]
    if explainer in evidence.toggled:
        pairs = [
            _changes(evidence, explainer, own, refusal, *of_split)
            for of_split in zip(splits, answered, strict=True)
        ]
        changed = changes_result(evidence, explainer, pairs, alpha)
        n_changed = len(asked) - len(own) + len(evidence.toggled[""].answers)
        tests.append(msgspec.structs.replace(changed, queries=n_changed))
    least = min(test.p_value for test in tests if test.p_value is not None)
    if refusal and refusal.share > TELLING and least > alpha / len(tests):
        unable = {"p_value": None, "reason": unsaid, "required": True}
        return Judgement(tests=tuple(msgspec.structs.replace(test, **unable) for test in tests))
    return Judgement(
        tests=tuple(tests),
        hidden=_hidden(evidence, explainer, gaps),
        power=_power(evidence, named, gaps, alpha / (len(tests) * (len(evidence.queries) + 1))),
    )


def _twin_error(splits: Sequence[Split]) -> float:
    return float(np.mean([split.twins.errors.mean() for split in splits]))


def _with_changed(asked: Asked, toggled: Toggled | None) -> Asked:
    """Return queries with those that were sent once more behind them."""
    if toggled is None:
        return asked
    return Asked(
        np.vstack([asked.rows, toggled.toggles.after]),
        np.vstack([asked.answers, toggled.answers]),
    )


def _changes(
    evidence: Evidence,
    explainer: str,
    asked: Asked,
    refusal: Refusal | None,
    split: Split,
    answered: Array,
) -> dict[tuple[int, int, str], Changes]:
    """Compare pairs of queries with pairs of real rows that the twins did not learn from."""
    near, far = evidence.toggled[""], evidence.toggled[explainer]
    pairs = Pairs.of(
        asked, answered[:, : len(asked)], far.toggles, far.answers, answered[:, len(asked) :]
    )
    # where each real row stands in the part that is compared; -1 for those in the other one
    place = np.full(len(evidence.real), -1)
    place[split.compared] = np.arange(len(split.compared))
    own = place[near.toggles.before] >= 0
    toggles = Toggles(
        place[near.toggles.before[own]], near.toggles.after[own], near.toggles.features[own]
    )
    close = Pairs.of(
        split.real,
        split.twin_answers,
        toggles,
        near.answers[own],
        split.twins.answers(toggles.after),
    )
    if refusal:
        close, pairs = (each.take(~each.any_of_model(refusal.among)) for each in (close, pairs))
    labels = bool(np.isin(evidence.real.answers, (0.0, 1.0)).all())
    return change_scores(split.design, split.real, split.twin_answers, close, pairs, labels=labels)


def _power(
    evidence: Evidence, named: TestResult, gaps: Sequence[Gaps], strictest: float
) -> tuple[Power, ...]:
    """Say what would have been found, at what the verdict asks of the first test to reject.

    That is the level over all groups, one for each explainer and one for the tests of single rows,
    and over the tests of a group.
    """
    needed = level(strictest, int(named.details["compared"]), CALIBRATION.named)
    power = []
    for name, j in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
        spread = float(np.mean([each.spread[j].min() for each in gaps]))
        # 0.84 spreads above it make four times out of five
        smallest = (needed + 0.84 * CALIBRATION.named) * spread
        power.append(Power(test=named.name, feature=name, smallest_effect=smallest))
    return tuple(power)


def _hidden(evidence: Evidence, explainer: str, gaps: Sequence[Gaps]) -> tuple[Hidden, ...]:
    """Estimate what the queries leave out of each sensitive feature, with the twins' spread."""
    found = []
    for name, j in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
        output = int(np.mean([each.real[j, :, 0] for each in gaps], axis=0).argmax())
        missing = np.mean([each.left_out[j, output, 0] for each in gaps])
        usual = np.mean([each.left_out[j, output, 1:].mean() for each in gaps])
        spread = float(np.mean([each.spread[j, output] for each in gaps]))
        estimate, half = float(missing - usual), level(0.05, 2, CALIBRATION.named) * spread
        found.append(
            Hidden(
                feature=name,
                estimate=estimate,
                low=estimate - half,
                high=estimate + half,
                real=float(np.mean([each.real[j, output, 0] for each in gaps])),
                shown=float(np.mean([each.shown[j, output, 0] for each in gaps])),
                explainer=explainer,
            )
        )
    return tuple(found)
