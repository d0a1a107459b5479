"""The judge of sequences: what should have happened, step by step, and what did (HOWTO chapters 3 to 6)."""

from acforensics.clusters import Clusters
from acforensics.cooperation.applying import judge_sequences
from acforensics.cooperation.configured import ac_homes, ac_names, limits, lines_of_scripts, logs_line
from acforensics.cooperation.definitions import SequenceDefinition, StepDefinition, load
from acforensics.cooperation.diagram import diagram_of
from acforensics.cooperation.groups import AcGroup, AcGroups, learn, with_moves
from acforensics.cooperation.model import JudgedSequence, JudgedStep, Limit, Observation
from acforensics.cooperation.observing import observe
from acforensics.cooperation.ordering import precedes
from acforensics.cooperation.scenes import CaseFacts

__all__ = [
    "AcGroup",
    "AcGroups",
    "CaseFacts",
    "Clusters",
    "JudgedSequence",
    "JudgedStep",
    "Limit",
    "Observation",
    "SequenceDefinition",
    "StepDefinition",
    "ac_homes",
    "ac_names",
    "diagram_of",
    "judge_sequences",
    "learn",
    "limits",
    "lines_of_scripts",
    "load",
    "logs_line",
    "observe",
    "precedes",
    "with_moves",
]
