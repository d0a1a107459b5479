"""Items made ahead of their use, by a thread: reading, expanding and hashing release the interpreter's lock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_AT_ONCE = 4
"""So many are made without a thread: most files are small."""
_AHEAD = 4


def ahead(items: Iterator[Item], unhelpful: Callable[[], bool] = lambda: False) -> Iterator[Item]:
    """The same items in the same order; from the fifth on they are made by a thread of their own, four ahead at most.

    An error is raised in its place. When this ends, for whatever reason, the thread has ended, too.

    Args:
        items: what is to be made.
        unhelpful: asked between items; once it is so, the thread ends and the rest is made without one.
    """
    for _ in range(_AT_ONCE):
        try:
            yield next(items)
        except StopIteration:
            return
    made: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(_AHEAD)
    unwanted = threading.Event()

    def make() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                made.put((item, None))
                if unwanted.is_set():
                    break
        except BaseException as error:
            failure = error
        made.put((None, failure))

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, failure = made.get()
            if failure is not None:
                raise failure
            if item is None:
                break
            yield item
            if unhelpful():
                unwanted.set()
    finally:
        unwanted.set()
        while thread.is_alive():
            # Whoever waits for room finds it, sees that nobody wants more, and ends.
            try:
                made.get(timeout=0.05)
            except queue.Empty:
                continue
        thread.join()
    # Nothing, unless the thread was sent away.
    yield from items
