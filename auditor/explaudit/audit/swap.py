"""Whether explainers and settings that should agree on a model do agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from explaudit.audit._swap.scene import Scene
from explaudit.audit._swap.shares import Compared, Kind
from explaudit.audit._swap.ways import Way, perturbing_ways, real_ways, single_ways
from explaudit.audit._swap.wording import (
    PERTURBING,
    REAL,
    SINGLE,
    TEST,
    findings,
    hidden_shares,
    tested,
)
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.outcome import Judgement, Power, TestResult
from explaudit.audit.refusals import CONSTANT, constant_share
from explaudit.audit.target import Target
from explaudit.audit.twins import Twins, fit_twins
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, generator

__all__ = ["Swap"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_TOO_FEW_ROWS = 100
#: Real rows that perturbed ones are compared with; more would make the neighbours' views slow.
_MOST_BACKGROUND = 500
_BATCH = 500


@dataclass(frozen=True)
class Swap(Detector):
    """Explain a few rows in several ways, and compare a sensitive feature's share of the credit.

    There are three kinds of ways, by how close to real rows they ask. Two ask real rows only: SHAP
    from real neighbours and matched pairs. Two ask real rows in which one value is replaced by
    another real one: permutation importance and partial dependence. Three ask rows that are put
    together from many values: KernelSHAP with k-means centres and with random background rows, and
    LIME. On a model that treats all rows alike a sensitive feature has about the same share of all
    that features are credited with; how far the ways differ on honest models, whose features depend
    on each other, is seen from twins: ordinary models fitted to the model's answers on other real
    rows, and explained in the very same ways, which costs no queries.

    Every way is compared with each kind closer to real rows than its own. The score is by how much
    more than in the twins the share drops from the mean of that kind to that way, in spreads of the
    twins; the largest over comparisons and sensitive features. The share after the drop must lie as
    far below that of the twins, too.

    Parameters
    ----------
    queries : int
        Rows that each of the perturbing ways may ask at the most. They settle how many real rows
        are explained, at the most twelve.
    single_queries : int
        Rows that each of the two ways may ask at the most that replace one value. They settle of
        how many real rows; where there are many features, a way that could afford fewer than five
        rows is left out. 0 leaves both out.
    company : int
        Real rows that are shuffled in with these queries.
    n_twins : int

    Notes
    -----
    Why replaced values are a kind of their own: the gate settles whether they are recognised. One
    that knows LIME's queries takes most of them for real rows, so that they show what LIME hides.
    KernelSHAP's coalitions keep most values of some row, too: a gate that knows these recognises
    many replaced values as well, and hides from them, too. Counted among the ways that ask real
    rows, they would mend what such a gate does; among those that perturb, they could not show what
    the other gate leaves alone. What they cost is more comparisons, so that a score that is just
    high enough without them is not with them. Their sizes are in units of the answer like those of
    all ways: the mean absolute change, of labels also the mean squared one, and the range of the
    curve.

    The p-value is of Student's t with ``n_twins - 1`` degrees of freedom, for a new observation,
    times the number of comparisons and features. A rank among fifty twins is 0.02 at the least,
    with which no verdict over several tests could ever reject.

    Power is stated as a share of all credit, among the further figures of the test: the smallest
    that, hidden from any one perturbing way and shown by real rows, would have been found four
    times out of five. In units of the model's output it would say less, since ways differ in how
    much credit they give in all.

    Source: this project; swapping settings and explainers after Slack et al. 2020 (AIES), whose
    attacks are made for one of them. Permutation importance after Breiman 2001 (Machine Learning
    45) and Fisher, Rudin and Dominici 2019 (JMLR 20); partial dependence after Friedman 2001
    (Annals of Statistics 29), as an importance Greenwell et al. 2018 (arXiv 1805.04755).
    """

    name: ClassVar[str] = "swap"
    source: ClassVar[str] = "this project: shares of credit across explainers against honest twins"

    queries: int = 1100
    single_queries: int = 300
    company: int = 100
    n_twins: int = 50

    def __post_init__(self) -> None:
        leasts = {"queries": 100, "single_queries": 0, "company": 0, "n_twins": 10}
        for name, least in leasts.items():
            if not getattr(self, name) >= least:
                raise InvalidInputError(name, f"at least {least}", getattr(self, name))

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent at the most."""
        return 3 * self.queries + 2 * self.single_queries + min(self.company, n_real)

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Explain the model and its twins, and compare.

        Parameters
        ----------
        evidence : Evidence
        alpha : float
            Level of the threshold; intervals are at ``1 - alpha``, for all comparisons together.
        seed : int
        """
        n_rows, perturbing = perturbing_ways(len(evidence.encoder.names), self.queries)
        reason = _why_not(evidence, n_rows)
        if reason:
            return _silent(reason)
        order = generator(seed, "split").permutation(len(evidence.real))
        learn, held_out = order[: len(order) // 2], order[len(order) // 2 :][:_MOST_BACKGROUND]
        twins = self._twins(evidence, learn, held_out, seed)
        scene = Scene(
            evidence.encoder,
            evidence.real.rows[held_out[:n_rows]],
            evidence.real.rows[held_out],
            derive_seed(seed, "explained"),
        )
        single = single_ways(lambda way: len(scene.asked(way)), self.single_queries)
        asked = [scene.asked(way) for way in (*single, *perturbing)]
        company = evidence.real.rows[order[: self.company]]
        answers = _ask(evidence.target, asked, company, generator(seed, "shuffle"))
        n_sent = sum(map(len, asked)) + len(company)
        played = [
            np.concatenate([own[None], twins.answers(rows)])
            for rows, own in zip(asked, answers, strict=True)
        ]
        # a check of the input may let single replaced values pass
        constant = _constant(played[len(single) :])
        if constant >= CONSTANT:
            return _silent(_GUARD.format(constant), n_sent)
        real = Asked(evidence.real.rows[held_out], evidence.real.answers[held_out])
        kinds = [
            _kind(scene, REAL, real_ways(), _real_played(scene, real, twins)),
            *([_kind(scene, SINGLE, single, played[: len(single)])] if single else ()),
            _kind(scene, PERTURBING, perturbing, played[len(single) :]),
        ]
        compared = Compared.of(kinds, evidence.sensitive_columns)
        return _judgement(evidence, compared, alpha, n_sent)

    def _twins(self, evidence: Evidence, learn: Ints, held_out: Ints, seed: int) -> Twins:
        rows, answers = evidence.real.rows, evidence.real.answers
        return fit_twins(
            evidence.encoder,
            (rows[learn], answers[learn]),
            (rows[held_out], answers[held_out]),
            labels=bool(np.isin(answers, (0.0, 1.0)).all()),
            n_twins=self.n_twins,
            rng=generator(seed, "twins"),
        )


_GUARD = (
    "cannot say: of the queries that ordinary models answer otherwise, the model gives {:.0%} one "
    "and the same answer, as a check that refuses impossible input would; no feature is shown in "
    "place of another"
)


def _why_not(evidence: Evidence, n_rows: int) -> str:
    """Say why nothing can be said; empty if something can."""
    if len(evidence.real) < _TOO_FEW_ROWS:
        return (
            f"{len(evidence.real)} real rows are too few to tell; at least {_TOO_FEW_ROWS} are "
            "needed"
        )
    if n_rows < 1:
        return f"{len(evidence.encoder.names)} features take more queries than were allowed"
    if not np.isfinite(evidence.real.rows).all():
        return "rows with missing numbers have no distance from each other"
    return ""


def _silent(reason: str, queries: int = 0) -> Judgement:
    test = TestResult(name=TEST, p_value=None, group=Swap.name, queries=queries, reason=reason)
    return Judgement(tests=(test,))


def _ask(
    target: Target, asked: Sequence[Array], company: Array, rng: np.random.Generator
) -> list[Array]:
    """Send all queries, shuffled together with real rows; return the answers to the queries."""
    everything = np.vstack([*asked, company])
    order = rng.permutation(len(everything))
    batches = np.array_split(order, max(1, len(order) // _BATCH))
    said = np.concatenate([target.ask(everything[batch]) for batch in batches])
    answers = said[np.argsort(order)]
    return np.split(answers, np.cumsum([len(rows) for rows in asked]))[:-1]


def _constant(played: Sequence[Array]) -> float:
    everything = np.concatenate(played, axis=1)
    return constant_share(everything[0], everything[1:])


def _kind(scene: Scene, label: str, ways: Sequence[Way], played: Sequence[Array]) -> Kind:
    """Return what ways make of every model's answers, each (n_models, n_asked, n_outputs)."""
    sizes = [
        np.stack([scene.sizes(way, answers) for answers in models])
        for way, models in zip(ways, played, strict=True)
    ]
    return Kind(label, tuple(way.label for way in ways), np.stack(sizes, axis=1))


def _real_played(scene: Scene, real: Asked, twins: Twins) -> list[Array]:
    """Return all models' answers to what the ways ask that ask real rows, which are known."""
    place = {row.tobytes(): i for i, row in enumerate(np.ascontiguousarray(real.rows + 0.0))}
    models = np.concatenate([real.answers[None], twins.answers(real.rows)])
    asked = [np.ascontiguousarray(scene.asked(way) + 0.0) for way in real_ways()]
    return [models[:, [place[row.tobytes()] for row in rows]] for rows in asked]


def _judgement(evidence: Evidence, compared: Compared, alpha: float, n_sent: int) -> Judgement:
    features, group = evidence.sensitive, Swap.name
    # groups of tests in a verdict: one for each explainer, those of single rows, and this test
    strictest = alpha / (len(evidence.queries) + 2)
    test = tested(compared, features, alpha=alpha, strictest=strictest, group=group)
    return Judgement(
        tests=(msgspec.structs.replace(test, queries=n_sent),),
        hidden=hidden_shares(compared, features, alpha=alpha, group=group),
        findings=findings(compared, features),
        power=tuple(
            Power(
                test=test.name,
                feature=name,
                smallest_effect=test.details.get(f"smallest hidden share of {name}"),
                unit="share",
            )
            for name in features
        ),
    )
