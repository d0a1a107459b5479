"""Messages become templates: what varies is left open, what tells one state from another is not."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from acforensics.parsing.suggesting import Templates


def patterns(*messages: str, host: str = "svr031") -> list[str]:
    templates = Templates()
    for message in messages:
        templates.add(message, host)
    return [template.pattern() for template in templates.joined()]


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("UPS ups1: input power lost", r"^UPS (?P<ups>[\w.-]+): input power lost\s*$"),
        ("shutting down the OS (UPS ups1)", r"^shutting down the OS \(UPS (?P<ups>[\w.-]+)\)\s*$"),
        ("OS を停止します (残り120秒)", r"^OS を停止します \(残り\d+秒\)\s*$"),
        ("event=12 at 10:05:00", r"^event=(?P<event>\d+) at (?P<time>[\d:.,]+)\s*$"),
        ("peer 192.0.2.1 and 192.0.2.2", r"^peer (?P<address>[\d.]+) and (?P<address_2>[\d.]+)\s*$"),
        ("link 00:11:22:33:44:55 up", r"^link (?P<mac>[0-9A-Fa-f:-]+) up\s*$"),
        ("code 0x1f, 12ab34cd56", r"^code 0x[0-9A-Fa-f]+, [0-9A-Fa-f]+\s*$"),
        ("read /etc/ac.conf.", r"^read (?P<path>/\S+)\.\s*$"),
        ("this is svr031 again", r"^this is (?P<host>[\w.-]+) again\s*$"),
        ('said "step 3/4" and "stop"', r'^said "(?P<quoted>[^"]*)" and "stop"\s*$'),
        ("key **** taken", r"^key .+ taken\s*$"),
        ("temperature 23.5 of mode=1", r"^temperature [\d.]+ of mode=\d+\s*$"),
        ("two  blanks\tand 50%", r"^two\s+blanks\s+and \d+%\s*$"),
    ],
)
def test_what_varies_is_left_open(message: str, pattern: str) -> None:
    assert patterns(message) == [pattern]
    assert re2.search(pattern, message) is not None


def test_messages_that_differ_in_what_varies_are_one() -> None:
    assert len(patterns("UPS ups1: battery 95%", "UPS ups2: battery 7%")) == 1


def test_states_stay_apart_however_many_there_are() -> None:
    states = ["lost", "restored", "failed", "returned", "normal", "down", "started", "stopped", "復電", "停電"]
    assert len(patterns(*(f"input power {state}" for state in states))) == len(states)


@pytest.mark.parametrize(("count", "templates"), [(7, 7), (8, 1)])
def test_a_word_varies_only_where_very_many_were_seen(count: int, templates: int) -> None:
    names = ["amber", "bold", "cedar", "delta", "ember", "fjord", "grove", "hazel"]
    assert len(patterns(*(f"volume {name} was checked" for name in names[:count]))) == templates


def test_counts_and_values_are_kept() -> None:
    templates = Templates()
    templates.add("UPS ups1: lost", "svr031", before_end=30.0)
    templates.add("UPS ups2: lost", "svr031", after_start=10.0)
    templates.add("UPS ups2: lost", "svr031")
    (template,) = templates.joined()
    assert (template.count, template.before_ends, template.after_starts, template.closest) == (3, 1, 1, 30.0)
    assert template.seen() == [("ups", ["ups1", "ups2"])]


def test_what_speaks_nearest_to_an_end_comes_first() -> None:
    templates = Templates()
    for _ in range(5):
        templates.add("hourly report", "svr031")
    templates.add("battery weak", "svr031", before_end=200.0)
    templates.add("going down", "svr031", before_end=2.0)
    assert [template.words()[0] for template in templates.joined()] == ["going", "battery", "hourly"]


def test_a_flood_of_different_messages_is_bounded_and_counted() -> None:
    templates = Templates()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first in letters:
        for second in letters:
            for third in "abc":
                templates.add(f"off{first}{second}{third} off", "svr031")
    assert len(templates.joined()) == 400
    assert templates.others == templates.count - 400


def test_in_a_flood_what_comes_near_an_end_is_kept() -> None:
    templates = Templates()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first in letters:
        for second in letters:
            templates.add(f"off{first}{second} off", "svr031")
    templates.add("going down", "svr031", before_end=3.0)
    assert templates.joined()[0].pattern() == r"^going down\s*$"
    assert (templates.before_ends, templates.closest) == (1, 3.0)


def test_many_messages_of_one_sort_are_counted_and_the_nearest_is_an_example() -> None:
    templates = Templates()
    for number in range(3000):
        assert templates.add(f"battery {number}%", "svr031", before_end=5000.0 - number) is not None
    (template,) = templates.joined()
    assert (template.count, template.before_ends, template.closest) == (3000, 3000, 2001.0)
    assert template.seen() == [("battery", ["0", "1", "2", "3", "4", "5"])]


def test_a_message_without_anything_fixed_is_no_template() -> None:
    assert patterns("12 34", "2026-02-03 10:00:00", "192.0.2.1") == []


def test_of_a_long_or_broken_message_the_beginning_counts() -> None:
    long = "power lost " * 100
    (pattern,) = patterns(long)
    assert not pattern.endswith("$")
    assert re2.search(pattern, long) is not None
    assert patterns("first line\nsecond line") == ["^first line"]


@given(st.text(max_size=80))
def test_every_template_is_a_pattern_that_fits_its_own_message(message: str) -> None:
    templates = Templates()
    templates.add(message, "svr031")
    for template in templates.joined():
        assert re2.search(template.pattern(), message) is not None
