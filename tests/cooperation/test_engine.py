"""The engine alone, on scenes made by hand: order, deadlines, servers, repetitions, and what absence is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acforensics.cooperation.definitions import SequenceDefinition
from acforensics.cooperation.engine import judge
from acforensics.cooperation.model import Limit, Observation, Scene

START = datetime(2026, 11, 24, 22, 0, 0, tzinfo=UTC)
WORDS = {"en": "x", "ja": "x"}


def definition(*steps):
    """Steps as in TOML; what every step must have is filled in."""
    filled = [{"title": WORDS, "lane": "os", "kinds": [f"os.{step['id']}"], **step} for step in steps]
    return SequenceDefinition.model_validate({
        "id": "made", "title": WORDS, "reference": WORDS, "description": WORDS, "applies": {"phase": "stop"}, "step": filled,
    })  # fmt: skip


def seen(kind, seconds, *, server="svr031", order=None, stream="messages", resolution=1, boot="this", **fields):
    return Observation(
        server, kind, START + timedelta(seconds=seconds), order if order is not None else int(seconds * 10), fields,
        frozenset({f"{server}/{stream}"}), resolution, boot,
    )  # fmt: skip


def scene(observations, *, until=600, covered=True, **others):
    return Scene(
        "svr031", START, START + timedelta(seconds=until), sorted(observations, key=lambda one: (one.time, one.order)),
        covers=covered if callable(covered) else lambda *_: covered, **others,
    )  # fmt: skip


def statuses(judged):
    return {step.definition.id + (f"[{step.key}]" if step.key else ""): step.status for step in judged.steps}


CHAIN = [{"id": "a"}, {"id": "b", "after": ["a"]}, {"id": "c", "after": ["b"]}, {"id": "d", "after": ["c"]}]


@pytest.mark.parametrize("length", [3, 4, 5])
def test_of_all_orders_of_a_chain_only_the_right_one_conforms(length):
    names = "abcde"[:length]
    chain = definition(*({"id": name, "after": list(names[i - 1 : i])} for i, name in enumerate(names)))
    for order in permutations(names):
        events = [seen(f"os.{name}", 10 * i) for i, name in enumerate(order)]
        assert (judge(chain, scene(events)).verdict == "conforms") == (order == tuple(names)), order


def test_steps_that_do_not_name_each_other_may_come_in_any_order():
    free = definition({"id": "a"}, {"id": "b", "after": ["a"]}, {"id": "c", "after": ["a"]})
    for order in (("a", "b", "c"), ("a", "c", "b")):
        assert judge(free, scene([seen(f"os.{n}", 10 * i) for i, n in enumerate(order)])).verdict == "conforms"


@pytest.mark.parametrize(("seconds", "status"), [(29, "observed"), (30, "observed"), (31, "late")])
def test_a_deadline_holds_to_the_second(seconds, status):
    timed = definition({"id": "a"}, {"id": "b", "after": ["a"], "within": {"seconds": 30}})
    judged = judge(timed, scene([seen("os.a", 0), seen("os.b", seconds)]))
    assert statuses(judged)["b"] == status
    assert judged.verdict == ("deviates" if status == "late" else "conforms")


def test_a_listing_in_minutes_is_late_only_when_that_is_sure():
    timed = definition({"id": "a"}, {"id": "b", "after": ["a"], "within": {"seconds": 30}})
    assert judge(timed, scene([seen("os.a", 0, resolution=60), seen("os.b", 60)])).verdict == "conforms"
    assert judge(timed, scene([seen("os.a", 0, resolution=60), seen("os.b", 90)])).verdict == "deviates"


def test_a_deadline_is_taken_from_the_cluster_and_says_so():
    timed = definition(
        {"id": "a"}, {"id": "b", "after": ["a"], "within": {"setting": "first-sleep", "plus": 5, "of": "a"}}
    )
    given_here = Limit(90, "found", "svr031/scripts/AC_1/exec_ac1/stop.sh:31")
    judged = judge(timed, scene([seen("os.a", 0), seen("os.b", 95)], limit=lambda name, server: given_here))
    assert judged.verdict == "conforms"
    assert judged.steps[1].limit == Limit(95, "found", given_here.place)
    assert judge(timed, scene([seen("os.a", 0), seen("os.b", 96)], limit=lambda *_: given_here)).verdict == "deviates"


def test_a_step_that_nobody_saw_is_missing_only_where_it_would_have_been_seen():
    chain = definition(*CHAIN)
    events = [seen("os.a", 0), seen("os.c", 20), seen("os.d", 30)]
    assert statuses(judge(chain, scene(events)))["b"] == "missing"
    assert judge(chain, scene(events)).verdict == "deviates"
    without = judge(chain, scene(events, covered=False))
    assert statuses(without)["b"] == "not-observable"
    assert without.verdict == "not-observable"


def test_coverage_is_asked_for_the_time_between_the_steps_around_a_missing_one():
    asked = []

    def covers(server, kinds, start, end):
        asked.append((server, list(kinds), start, end))
        return True

    judged = judge(definition(*CHAIN), scene([seen("os.a", 5), seen("os.c", 20), seen("os.d", 30)], covered=covers))
    server, kinds, start, end = asked[0]
    assert (server, kinds, start) == ("svr031", ["os.b"], START + timedelta(seconds=5))
    assert START + timedelta(seconds=19) < end < START + timedelta(seconds=20)
    step = judged.steps[1]
    assert (step.earliest, step.latest) == (START + timedelta(seconds=5), START + timedelta(seconds=20))


def test_a_log_that_stops_before_the_deadline_proves_nothing():
    timed = definition({"id": "a"}, {"id": "b", "after": ["a"], "within": {"seconds": 30}})
    for last, status in ((31, "missing"), (29, "not-observable")):
        stopped = START + timedelta(seconds=last)
        judged = judge(timed, scene([seen("os.a", 0)], covered=lambda s, k, start, end, stopped=stopped: end < stopped))
        assert statuses(judged)["b"] == status, last


def test_an_event_of_another_server_is_not_this_servers():
    chain = definition({"id": "a"}, {"id": "b", "after": ["a"]})
    events = [seen("os.a", 0), seen("os.b", 10, server="svr047")]
    assert statuses(judge(chain, scene(events, peers=["svr047"])))["b"] == "missing"


def test_peers_means_each_of_them_and_peer_any():
    each = definition({"id": "a"}, {"id": "b", "after": ["a"], "scope": "peers"})
    any_one = definition({"id": "a"}, {"id": "b", "after": ["a"], "scope": "peer"})
    events = [seen("os.a", 0), seen("os.b", 10, server="svr047")]
    both = {"peers": ["svr047", "svr063"], "doubt": lambda _: timedelta(seconds=2)}
    judged = judge(each, scene(events, **both))
    assert [(step.server, step.status) for step in judged.steps[1:]] == [("svr047", "observed"), ("svr063", "missing")]
    assert judge(any_one, scene(events, **both)).verdict == "conforms"


def test_no_peer_up_means_no_step_for_one():
    judged = judge(definition({"id": "a"}, {"id": "b", "after": ["a"], "scope": "peer"}), scene([seen("os.a", 0)]))
    assert judged.verdict == "conforms"
    assert [step.definition.id for step in judged.steps] == ["a"]


def test_a_server_without_logs_leaves_the_verdict_open():
    each = definition({"id": "a"}, {"id": "b", "after": ["a"], "scope": "peers"})

    def covers(server, *_):
        return server == "svr031"

    assert judge(each, scene([seen("os.a", 0)], covered=covers, peers=["svr047"])).verdict == "not-observable"


@pytest.mark.parametrize(
    ("doubt", "earlier", "verdict"),
    [(2, 2, "conforms"), (2, 3, "conforms"), (2, 4, "deviates"), (None, 500, "conforms")],
)
def test_no_order_between_servers_is_claimed_inside_the_doubt(doubt, earlier, verdict):
    chain = definition({"id": "a"}, {"id": "b", "after": ["a"], "scope": "peer"})
    events = [seen("os.b", 10, server="svr047"), seen("os.a", 10 + earlier)]
    known = None if doubt is None else timedelta(seconds=doubt)
    judged = judge(chain, scene(events, peers=["svr047"], doubt=lambda _: known))
    assert judged.verdict == verdict


def test_two_streams_of_one_server_are_in_order_only_beyond_the_seconds_they_are_stamped_apart():
    chain = definition({"id": "a"}, {"id": "b", "after": ["a"]})
    for apart, verdict in ((5, "conforms"), (6, "deviates")):
        events = [seen("os.b", 10, stream="journal"), seen("os.a", 10 + apart)]
        assert judge(chain, scene(events)).verdict == verdict


def test_in_one_stream_the_order_of_the_file_counts_not_the_stamp():
    chain = definition({"id": "a"}, {"id": "b", "after": ["a"]})
    assert judge(chain, scene([seen("os.a", 10, order=1), seen("os.b", 10, order=2)])).verdict == "conforms"
    assert judge(chain, scene([seen("os.a", 10, order=2), seen("os.b", 10, order=1)])).verdict == "deviates"
    stepped_back = [seen("os.a", 10, order=1), seen("os.b", 4, order=2)]
    assert judge(chain, scene(stepped_back)).verdict == "conforms"


PAIR = [
    {"id": "first", "kinds": ["ac.exec_command"], "number": 1},
    {"id": "second", "kinds": ["ac.exec_command"], "number": 2, "after": ["first"]},
    {"id": "third", "kinds": ["ac.exec_command"], "number": 3, "presence": "forbidden"},
]


@pytest.mark.parametrize(("count", "verdict"), [(0, "deviates"), (1, "deviates"), (2, "conforms"), (3, "deviates")])
def test_a_repeated_record_is_counted(count, verdict):
    judged = judge(definition(*PAIR), scene([seen("ac.exec_command", 10 * i) for i in range(count)]))
    assert judged.verdict == verdict
    assert ("forbidden-observed" in statuses(judged).values()) == (count == 3)


GROUPS = [
    {"id": "stops", "each": "group"},
    {"id": "stopped", "each": "group", "after": ["stops"], "needs": "stops"},
    {"id": "then", "after": ["stopped"]},
]


def test_each_group_has_its_own_steps():
    events = [seen("os.stops", 0, group="web"), seen("os.stops", 1, group="db"), seen("os.stopped", 5, group="web")]
    judged = judge(definition(*GROUPS), scene([*events, seen("os.then", 20)]))
    assert statuses(judged) == {
        "stops[web]": "observed", "stops[db]": "observed", "stopped[web]": "observed", "stopped[db]": "missing",
        "then": "observed",
    }  # fmt: skip
    late = judge(definition(*GROUPS), scene([*events, seen("os.then", 20), seen("os.stopped", 25, group="db")]))
    assert statuses(late)["then"] == "out-of-order"
    assert [step.before.key for step in late.steps if step.before is not None] == ["db"]


def test_a_step_that_depends_on_one_that_did_not_happen_is_not_asked_for():
    depending = definition(
        {"id": "a"}, {"id": "b", "presence": "optional", "after": ["a"]}, {"id": "c", "after": ["b"], "needs": "b"}
    )
    assert judge(depending, scene([seen("os.a", 0)])).verdict == "conforms"
    assert judge(depending, scene([seen("os.a", 0), seen("os.b", 5)])).verdict == "deviates"


def test_what_is_forbidden_counts_only_after_the_step_that_it_follows():
    guarded = definition(
        {"id": "a"}, {"id": "never", "presence": "forbidden", "after": ["a"], "within": {"seconds": 60}}
    )
    for seconds, verdict in ((-20, "conforms"), (10, "deviates"), (60, "deviates"), (61, "conforms")):
        judged = judge(guarded, scene([seen("os.a", 0), seen("os.never", seconds)]))
        assert judged.verdict == verdict, seconds


def test_what_is_forbidden_and_could_not_be_seen_is_said():
    guarded = definition({"id": "a"}, {"id": "never", "presence": "forbidden"})
    assert "never" not in statuses(judge(guarded, scene([seen("os.a", 0)])))
    hidden = judge(guarded, scene([seen("os.a", 0)], covered=False))
    assert (statuses(hidden)["never"], hidden.verdict) == ("not-observable", "conforms")


def test_roles_tell_the_ac_group_from_the_others():
    step = {"kinds": ["clusterpro.group_stopped"]}
    both = definition({"id": "ac", "role": "ac", **step}, {"id": "web", "role": "business", **step})
    others = {"is_ac": lambda name: name.startswith("AC")}
    events = [seen("clusterpro.group_stopped", 0, group="AC_1"), seen("clusterpro.group_stopped", 1, group="web")]
    assert judge(both, scene(events, **others)).verdict == "conforms"
    assert statuses(judge(both, scene(events[1:], **others))) == {"ac": "missing", "web": "observed"}
    unknown = judge(both, scene(events[1:], is_ac=lambda _: False, ac_known=False))
    assert statuses(unknown)["ac"] == "not-observable"


def test_fields_can_be_asked_for_excluded_and_compared_with_the_server():
    asked = definition(
        {"id": "a", "where": {"server": ["@server"], "mode": ["halt", "re*"]}}, {"id": "b", "where": {"x": ["!no"]}}
    )
    good = [seen("os.a", 0, server="svr031", mode="reboot"), seen("os.b", 1, x="yes")]
    good[0].fields["server"] = "SVR031.example.jp"
    assert judge(asked, scene(good)).verdict == "conforms"
    other = seen("os.a", 0, mode="reboot")
    other.fields["server"] = "svr047"
    assert statuses(judge(asked, scene([other, seen("os.b", 1, x="no")]))) == {"a": "missing", "b": "missing"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdz"), st.integers(0, 120)), max_size=12), st.booleans())
def test_unrelated_records_never_change_a_verdict(events, covered):
    chain = definition(*CHAIN)
    made = [seen(f"os.{name}", at, order=i) for i, (name, at) in enumerate(events)]
    with_noise = judge(chain, scene(made, covered=covered))
    without = judge(chain, scene([one for one in made if one.kind != "os.z"], covered=covered))
    assert statuses(with_noise) == statuses(without)
    assert with_noise.verdict == without.verdict


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from("abcd"), max_size=6))
def test_without_coverage_nothing_is_ever_missing(names):
    judged = judge(definition(*CHAIN), scene([seen(f"os.{n}", 10 * i) for i, n in enumerate(names)], covered=False))
    assert "missing" not in statuses(judged).values()


def test_absence_proves_nothing_where_the_definition_says_so():
    quiet = definition(
        {"id": "a"}, {"id": "b", "after": ["a"], "absence": "not-observable"}, {"id": "c", "after": ["b"]}
    )
    judged = judge(quiet, scene([seen("os.a", 0), seen("os.c", 20)]))
    assert (statuses(judged)["b"], judged.verdict) == ("not-observable", "not-observable")


@pytest.mark.parametrize(
    ("basis", "status"), [("found", "missing"), ("howto", "not-observable"), ("product", "not-observable")]
)
def test_a_default_bounds_no_absence(basis, status):
    """The log covers the deadline and ends: only this cluster's own setting says that the step was overdue."""
    timed = definition({"id": "a"}, {"id": "b", "after": ["a"], "within": {"setting": "first-sleep", "of": "a"}})
    stopped = START + timedelta(seconds=60)
    covered = lambda s, k, start, end: end < stopped  # noqa: E731
    judged = judge(timed, scene([seen("os.a", 0)], covered=covered, limit=lambda *_: Limit(30, basis)))
    assert statuses(judged)["b"] == status


def test_a_step_may_lead_the_scene_only_as_far_as_it_says():
    early = [
        Observation("svr031", "os.a", START - timedelta(seconds=90), 0, lead=timedelta(seconds=90)),
        seen("os.b", 0),
    ]
    for lead, status in ((60, "missing"), (120, "observed")):
        led = definition({"id": "a", "lead": lead}, {"id": "b", "after": ["a"]})
        assert statuses(judge(led, scene(early)))["a"] == status


@pytest.mark.parametrize(("doubt", "at", "verdict"), [(5, 4, "conforms"), (5, 6, "deviates"), (None, 300, "conforms")])
def test_something_forbidden_on_another_server_counts_only_if_it_surely_was_within_the_scene(doubt, at, verdict):
    guarded = definition({"id": "a"}, {"id": "never", "presence": "forbidden", "scope": "peer"})
    known = None if doubt is None else timedelta(seconds=doubt)
    events = [seen("os.a", 0), seen("os.never", at, server="svr047")]
    assert judge(guarded, scene(events, peers=["svr047"], doubt=lambda _: known)).verdict == verdict


def test_machines_outside_the_cluster_are_asked_only_by_steps_of_any():
    both = definition({"id": "any", "scope": "any"}, {"id": "peer", "scope": "peer"})
    events = [seen("os.any", 0, server="ctl001"), seen("os.peer", 1, server="ctl001")]
    judged = judge(both, scene(events, others=["ctl001"], doubt=lambda _: timedelta(0)))
    assert statuses(judged) == {"any": "observed"}
    assert judged.verdict == "conforms"


def test_between_two_records_of_a_server_its_clock_does_not_matter():
    """Its log covers just the time between them; with the doubt added it would not."""
    each = definition(
        {"id": "a", "scope": "peers"}, {"id": "b", "scope": "peers", "after": ["a"]},
        {"id": "c", "scope": "peers", "after": ["b"]},
    )  # fmt: skip
    events = [seen("os.a", 10, server="svr047"), seen("os.c", 20, server="svr047")]
    begins, ends = START + timedelta(seconds=10), START + timedelta(seconds=20)

    def covered(server, kinds, start, end):
        return server == "svr047" and start >= begins and end < ends

    judged = judge(each, scene(events, covered=covered, peers=["svr047"], doubt=lambda _: timedelta(seconds=60)))
    assert statuses(judged)["b"] == "missing"


def test_of_lines_that_are_alike_the_one_that_is_not_there_may_be_an_earlier_one():
    """One line was seen; the log has a hole before it: the second cannot be called missing."""
    steps = [{"id": "one", "kinds": ["os.line"], "number": 1},
             {"id": "two", "kinds": ["os.line"], "number": 2, "after": ["one"]}]  # fmt: skip
    for hole, status in ((10, "not-observable"), (-10, "missing")):
        gap = START + timedelta(seconds=hole)
        found = judge(
            definition(*steps), scene([seen("os.line", 30)], covered=lambda _s, _k, a, b, at=gap: not a <= at <= b)
        )
        assert statuses(found)["two"] == status


def test_a_log_must_go_back_to_where_the_stop_had_not_begun():
    reach = {"svr031": START - timedelta(seconds=60)}
    for begins, status in ((-30, "not-observable"), (-90, "missing")):
        first = START + timedelta(seconds=begins)
        found = judge(definition({"id": "a"}), scene([], reach=reach, covered=lambda _s, _k, a, b, at=first: a >= at))
        assert statuses(found)["a"] == status


def test_what_is_forbidden_counts_only_after_the_request():
    step = {"id": "bad", "presence": "forbidden", "scope": "any"}
    for at, status in ((5, None), (15, "forbidden-observed")):
        asked = seen("clusterpro.shutdown_requested", 10)
        found = judge(definition(step), scene([asked, seen("os.bad", at)], asked=asked))
        assert statuses(found).get("bad") == status
