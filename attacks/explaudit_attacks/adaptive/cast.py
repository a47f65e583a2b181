"""The adversaries of a detector benchmark: each attack at the settings that are worth a name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

from explaudit_attacks.adaptive.batches import BatchAttack
from explaudit_attacks.adaptive.cad import CadAwareAttack
from explaudit_attacks.adaptive.coin import ProbabilisticAttack
from explaudit_attacks.adaptive.dilution import DilutionAttack
from explaudit_attacks.adaptive.dtype import DtypeAttack
from explaudit_attacks.adaptive.ensemble import ensemble
from explaudit_attacks.adaptive.jitter import JitterAwareAttack
from explaudit_attacks.adaptive.stateful import StatefulAttack
from explaudit_attacks.adaptive.whitelist import WhitelistAttack
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["ADVERSARIES"]


def _with_stronger_gate(**settings: Any) -> ScaffoldingAttack:
    return ScaffoldingAttack(**{"gate": ensemble(), "n_queries": 60_000, **settings})


#: By name, what makes the attack from `innocuous` and `sampler`, given as in ScaffoldingAttack. An
#: adversary who knows a generator, or imitates f, is one of these with that sampler or innocuous
#: model.
ADVERSARIES: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "plain": ScaffoldingAttack,
        "threshold_0.1": partial(ScaffoldingAttack, threshold=0.1),
        "threshold_0.02": partial(ScaffoldingAttack, threshold=0.02),
        "stronger_gate": _with_stronger_gate,
        "dilution_0.5": partial(DilutionAttack, share=0.5),
        "dilution_0.25": partial(DilutionAttack, share=0.25),
        "probabilistic": ProbabilisticAttack,
        "jitter_aware": JitterAwareAttack,
        "cad_aware": CadAwareAttack,
        "dtype": DtypeAttack,
        "batch": BatchAttack,
        "stateful": StatefulAttack,
        "whitelist": WhitelistAttack,
    }
)
