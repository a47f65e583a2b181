"""Which cells a leaderboard consists of, and what they will cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from explaudit.cells import Cell, Part, content_id
from explaudit.errors import InvalidInputError
from explaudit.leaderboard.cast import ADVERSARIES, Adversary, innocuous_parts
from explaudit.leaderboard.explainers import COMMITTEE, EXPLAINERS, Judged
from explaudit.leaderboard.settings import Judging, LeaderboardSettings
from explaudit.metrics import metric_specs
from explaudit.study.roles import OWN, roles_of

__all__ = ["Cost", "cost", "plan_leaderboard"]

T = TypeVar("T")

#: Explanations of each row beside its own: another seed, a model made again, two recodings.
_PEERS = 4


class Cost(NamedTuple):
    """What a plan asks for.

    Attributes
    ----------
    cells : int
        Cells, those of behaviour included.
    gates : int
        Gates to train.
    explained_rows : int
        Rows to explain at the most: those of the cells, those nearby, and each row's peers.
    """

    cells: int
    gates: int
    explained_rows: int


def plan_leaderboard(settings: LeaderboardSettings) -> list[Cell]:
    """Return every cell of a leaderboard.

    For each data set and replicate there are the honest model, each innocuous model and each
    attacked one, under every explainer; and what each does on real rows. An adversary is ready for
    the explainer that looks at him: his attack's setting is called ``adversary/sampler``. Cells
    that share a gate follow each other.

    Raises
    ------
    InvalidInputError
        If there is no data set, explainer, metric or adversary of a name, or a number is out of
        range.
    """
    settings.check()
    _chosen("metrics", settings.metrics, metric_specs())
    return [
        cell
        for name in settings.datasets
        for replicate in range(settings.replicates)
        for cell in _replicate(settings, name, replicate)
    ]


def cost(cells: Sequence[Cell]) -> Cost:
    """Return what cells of a leaderboard ask for."""
    explained = 0
    for cell in cells:
        if cell.kind == "explanation":
            judging, _ = Judging.taken_from(cell.dataset)
            each = 1 + 2 * judging.n_nearby + _PEERS + len(COMMITTEE)
            explained += (cell.n_rows or 0) * each
    gates = {cell.group for cell in cells if cell.attack is not None}
    return Cost(len(cells), len(gates), explained)


def _replicate(settings: LeaderboardSettings, name: str, replicate: int) -> Iterator[Cell]:
    dataset = _dataset(settings, name)
    played = roles_of(dataset)
    explainers = _chosen("explainers", settings.explainers, EXPLAINERS)
    adversaries = _chosen("adversaries", settings.adversaries, ADVERSARIES)
    shown = innocuous_parts(played)
    shared: dict[str, Any] = {
        "dataset": settings.judging.within(dataset),
        "model": played.biased(None),
        "replicate": replicate,
        "seed": settings.seed,
    }
    n_rows = settings.n_rows
    yield from _model(
        explainers,
        n_rows,
        **shared,
        role="honest",
        innocuous=shown["coin"],
        attack=None,
        setting="",
    )
    for psi in dict.fromkeys(adversary.innocuous for adversary in adversaries.values()):
        yield from _model(
            explainers,
            n_rows,
            **shared,
            role="innocent",
            innocuous=shown[psi],
            attack=None,
            setting=psi,
        )
    for setting, adversary, attack, own in _attacks(settings, adversaries, explainers):
        yield from _model(
            own,
            n_rows,
            **shared,
            role="attacked",
            innocuous=shown[adversary.innocuous],
            attack=attack,
            setting=setting,
        )


def _attacks(
    settings: LeaderboardSettings,
    adversaries: Mapping[str, Adversary],
    explainers: Mapping[str, Judged],
) -> list[tuple[str, Adversary, Part, dict[str, Judged]]]:
    """Return each attack with the explainers that it is made for; those of one gate together."""
    found = []
    for sampler in dict.fromkeys(judged.sampler for judged in explainers.values()):
        own = {name: judged for name, judged in explainers.items() if judged.sampler == sampler}
        for adversary in adversaries.values():
            part = adversary.part(sampler, settings.fidelity_floor)
            found.append((f"{adversary.name}/{sampler}", adversary, part, own))
    first = {content_id(part): i for i, (_, _, part, _) in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda attack: first[content_id(attack[2])])


def _model(
    explainers: Mapping[str, Judged], n_rows: int, *, setting: str, **shared: Any
) -> Iterator[Cell]:
    """Return the cells of one model: what it does on real rows, and how it is explained."""
    common = {**shared, "attack_setting": setting}
    yield Cell(kind="behaviour", explainer=None, explainer_setting="", n_rows=None, **common)
    for name, judged in explainers.items():
        yield Cell(
            kind="explanation",
            explainer=judged.part,
            explainer_setting=name,
            n_rows=n_rows,
            **common,
        )


def _dataset(settings: LeaderboardSettings, name: str) -> Part:
    preparation: dict[str, Any] = {"protocol": "sound", "max_rows": settings.max_rows}
    if name == OWN and settings.own is not None:
        own = settings.own
        preparation |= {key: getattr(own, key) for key in own.__struct_fields__}
    return Part(name, preparation)


def _chosen(kind: str, wanted: tuple[str, ...] | None, known: Mapping[str, T]) -> dict[str, T]:
    if wanted is None:
        return dict(known)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise InvalidInputError(kind, f"some of {', '.join(known)}", unknown or wanted)
    return {name: known[name] for name in wanted}
