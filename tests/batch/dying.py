"""What worker processes do in tests: it must be importable there."""

from __future__ import annotations

import os
import signal

from acforensics.batch.work import Outcome, Task


def die_on_bad(task: Task) -> Outcome:
    if task.name.startswith("bad"):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name.startswith("raising"):
        raise OSError("no such luck")
    return Outcome(task.name, "analysed", {"case": task.name})
