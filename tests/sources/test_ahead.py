"""Items made ahead are the same items, with or without the thread, and it never stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from acforensics.sources.ahead import ahead


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def counting(to: int, fails_at: int | None = None) -> Iterator[int]:
    for number in range(to):
        if number == fails_at:
            raise OSError("torn")
        yield number


@pytest.mark.parametrize("count", [0, 3, 4, 5, 9, 200])
@pytest.mark.parametrize("sent_away_after", [0, 4, 7, 150, 1000])
def test_all_items_in_order(count: int, sent_away_after: int) -> None:
    taken: list[int] = []
    for item in ahead(counting(count), lambda: len(taken) >= sent_away_after):
        taken.append(item)
    assert taken == list(range(count))
    assert not threads()


@pytest.mark.parametrize("sent_away_after", [4, 7, 1000])
@pytest.mark.parametrize("fails_at", [0, 4, 9, 60])
def test_an_error_is_raised_in_its_place(fails_at: int, sent_away_after: int) -> None:
    taken: list[int] = []
    with pytest.raises(OSError, match="torn"):
        for item in ahead(counting(100, fails_at), lambda: len(taken) >= sent_away_after):
            taken.append(item)
    assert taken == list(range(fails_at))
    assert not threads()


def test_the_thread_goes_when_it_is_sent_away_or_nobody_wants_more() -> None:
    items = ahead(counting(1000), lambda: True)
    assert [next(items) for _ in range(20)] == list(range(20))
    assert not threads()
    items = ahead(counting(1000))
    assert [next(items) for _ in range(20)] == list(range(20))
    assert threads()
    items.close()
    assert not threads()
