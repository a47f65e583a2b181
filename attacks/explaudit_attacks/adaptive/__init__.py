"""Adaptive attackers, who know how they are looked for, and biases that are hard to see."""

from explaudit_attacks.adaptive.batches import BatchAttack, BatchGate
from explaudit_attacks.adaptive.cad import CadAwareAttack, CadConsistent
from explaudit_attacks.adaptive.cast import ADVERSARIES
from explaudit_attacks.adaptive.coin import CoinGate, ProbabilisticAttack
from explaudit_attacks.adaptive.dilution import DilutedGate, DilutionAttack
from explaudit_attacks.adaptive.dtype import DtypeAttack, DtypeGate
from explaudit_attacks.adaptive.ensemble import ensemble
from explaudit_attacks.adaptive.jitter import JitterAwareAttack, JitterTolerantGate
from explaudit_attacks.adaptive.parity import ParityRule
from explaudit_attacks.adaptive.shuffling import ShuffledOutputs, ShufflingAttack
from explaudit_attacks.adaptive.stateful import StatefulAttack, StatefulGate
from explaudit_attacks.adaptive.subgroup import SubgroupBias
from explaudit_attacks.adaptive.whitelist import MemoryGate, WhitelistAttack

__all__ = [
    "ADVERSARIES",
    "BatchAttack",
    "BatchGate",
    "CadAwareAttack",
    "CadConsistent",
    "CoinGate",
    "DilutedGate",
    "DilutionAttack",
    "DtypeAttack",
    "DtypeGate",
    "JitterAwareAttack",
    "JitterTolerantGate",
    "MemoryGate",
    "ParityRule",
    "ProbabilisticAttack",
    "ShuffledOutputs",
    "ShufflingAttack",
    "StatefulAttack",
    "StatefulGate",
    "SubgroupBias",
    "WhitelistAttack",
    "ensemble",
]
