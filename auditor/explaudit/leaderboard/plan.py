"""Which cells a leaderboard consists of, and what they will cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from explaudit.cells import Cell, Part, content_id
from explaudit.errors import InvalidInputError
from explaudit.leaderboard.cast import ADVERSARIES, Adversary, innocuous_parts
from explaudit.leaderboard.explainers import COMMITTEE, EXPLAINERS, SAMPLERS, Judged
from explaudit.leaderboard.settings import Judging, LeaderboardSettings
from explaudit.leaderboard.steps import ADVERSARY, Step, steps
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


class _Model(NamedTuple):
    """A model that is looked at, and how: by which explainers, and whether on real rows."""

    role: Literal["honest", "attacked", "innocent"]
    setting: str
    innocuous: Part
    attack: Part | None
    explainers: Mapping[str, Part]
    behaves: bool = True


def plan_leaderboard(settings: LeaderboardSettings) -> list[Cell]:
    """Return every cell of a leaderboard.

    For each data set and replicate there are the honest model, each innocuous model and each
    attacked one, under every explainer; and what each does on real rows. An adversary is ready for
    the explainer that looks at him: his attack's setting is called ``adversary/sampler``. Cells
    that share a gate follow each other. In some replicates there are the steps of the curves, too.

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
    for model in _models(settings, innocuous_parts(played), replicate):
        for explainer_setting in (*([""] if model.behaves else []), *model.explainers):
            explainer = model.explainers.get(explainer_setting)
            yield Cell(
                kind="behaviour" if explainer is None else "explanation",
                dataset=settings.judging.within(dataset),
                model=played.biased(None),
                innocuous=model.innocuous,
                role=model.role,
                attack=model.attack,
                attack_setting=model.setting,
                explainer=explainer,
                explainer_setting=explainer_setting,
                # behaviour is measured on every held-out row
                n_rows=None if explainer is None else settings.n_rows,
                replicate=replicate,
                seed=settings.seed,
            )


def _models(
    settings: LeaderboardSettings, shown: Mapping[str, Part], replicate: int
) -> Iterator[_Model]:
    """Return the models of a replicate; attacked ones by their gates."""
    judged = _chosen("explainers", settings.explainers, EXPLAINERS)
    adversaries = _chosen("adversaries", settings.adversaries, ADVERSARIES)
    off_board = _off_board(settings, judged, adversaries, replicate)
    explainers = {name: own.part for name, own in judged.items()}
    # what curves change of an explainer is changed for all three models
    extra = {step.setting: step.part for step in off_board if step.setting not in explainers}
    yield _Model("honest", "", shown["coin"], None, {**explainers, **extra})
    for psi in dict.fromkeys(adversary.innocuous for adversary in adversaries.values()):
        own = extra if psi == ADVERSARIES[ADVERSARY].innocuous else {}
        yield _Model("innocent", psi, shown[psi], None, {**explainers, **own})
    attacked = [
        *_attacked(settings, shown, adversaries, judged),
        *_attacked_off_board(shown, off_board),
    ]
    gates = [content_id(model.attack) for model in attacked]
    yield from (attacked[i] for i in sorted(range(len(gates)), key=lambda i: gates.index(gates[i])))


def _attacked(
    settings: LeaderboardSettings,
    shown: Mapping[str, Part],
    adversaries: Mapping[str, Adversary],
    explainers: Mapping[str, Judged],
) -> Iterator[_Model]:
    """Return the attacked models, each with the explainers that it is made for."""
    for law in dict.fromkeys(judged.sampler for judged in explainers.values()):
        own = {name: judged.part for name, judged in explainers.items() if judged.sampler == law}
        for adversary in adversaries.values():
            attack = adversary.part(SAMPLERS[law], settings.fidelity_floor)
            setting = f"{adversary.name}/{law}"
            yield _Model("attacked", setting, shown[adversary.innocuous], attack, own)


def _off_board(
    settings: LeaderboardSettings,
    explainers: Mapping[str, Judged],
    adversaries: Mapping[str, Adversary],
    replicate: int,
) -> list[Step]:
    """Return the steps of curves that are not on the leaderboard."""
    if replicate >= settings.curve_replicates or ADVERSARY not in adversaries:
        return []
    return [
        step
        for step in steps(settings.fidelity_floor)
        if step.explainer in explainers and not step.on_board
    ]


def _attacked_off_board(shown: Mapping[str, Part], off_board: Sequence[Step]) -> Iterator[_Model]:
    adversary = ADVERSARIES[ADVERSARY]
    for step in off_board:
        attack = adversary.part(step.sampler, step.keep_real)
        # another number of samples meets the attack that the leaderboard has
        behaves = step.axis != "samples"
        own = {step.setting: step.part}
        setting = step.attack_setting
        yield _Model("attacked", setting, shown[adversary.innocuous], attack, own, behaves)


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
