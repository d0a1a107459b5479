"""Who or what ended each boot: every hypothesis is weighed by named reasons, then one is chosen or none."""

from acforensics.shutdowns.judge import Judgement, judge_boots

__all__ = ["Judgement", "judge_boots"]
