"""What the settings of a case say about a server: groups, scripts, lengths of time, texts to look for."""

from __future__ import annotations

import pytest

from acforensics import settings
from tests.settings.cluster import STOP, configuration, files


def test_servers_groups_and_scripts(case) -> None:
    found = case()
    assert found.servers == ("svr031", "svr047")
    assert found.ac_groups("svr031") == (("AC_1",), "scripts")
    assert found.ac_groups("svr047.example.jp") == (("AC_2",), "scripts")
    assert found.exec_resources_of_ac("svr047") == ("exec_ac2",)
    assert found.script("svr047").input == "svr047/scripts/AC_2/exec_ac2/stop.sh"
    assert [(one.message, one.tag, one.after) for one in found.logged_texts("svr031")][:2] == [
        ("AC EXEC COMMAND", "CLUSTERPRO", False),
        ("AC EXEC COMMAND", "CLUSTERPRO", True),
    ]


def test_a_case_without_settings_has_only_defaults(case) -> None:
    found = case({})
    assert found.servers == ()
    assert found.ac_groups("svr031").basis == "unknown"
    assert found.logged_texts("svr031") == ()
    assert found.seconds("first-sleep", "svr031") == (30.0, "default-of-howto", None, None)
    assert found.seconds("second-sleep", "svr031") == (30.0, "default-of-howto", None, None)
    assert found.seconds("stop-script-timeout", "svr031") == (1800.0, "default-of-product", None, None)
    assert found.seconds("sync-wait", "svr031") == (300.0, "default-of-product", None, None)
    assert found.seconds("restart-limit", "svr031").basis == "unknown"


def test_lengths_of_time_with_their_places(case) -> None:
    given = files(
        configuration().replace(
            "</path></deact></parameters>", "</path></deact><timeout><stop>900</stop></timeout></parameters>", 1
        )
    )
    given["svr047/scripts/AC_2/exec_ac2/stop.sh"] = STOP.replace("sleep 30s", "sleep 2m", 1).encode()
    found = case(given)
    wait = found.seconds("first-sleep", "svr031")
    assert (wait.seconds, wait.basis, wait.input) == (30, "found", "svr031/scripts/AC_1/exec_ac1/stop.sh")
    assert "sleep 30s" in STOP.split("\n")[wait.line - 1]
    # It sleeps longer for one reason of the stop than for the other.
    assert found.seconds("first-sleep", "svr047").seconds == 120
    assert found.seconds("first-sleep", "svr047", ("SERVERSHUTDOWN", "HALT")).seconds == 30
    timeout = found.seconds("stop-script-timeout", "svr031")
    assert (timeout.seconds, timeout.basis, timeout.input) == (900, "found", "svr031/etc/clp.conf")
    assert found.seconds("stop-script-timeout", "svr047")[:2] == (1800, "default-of-product")


def test_a_wait_that_cannot_be_told_has_no_length(case) -> None:
    found = case(files(stop=STOP.replace("sleep 30s", "sleep $(cat /x)", 1)))
    wait = found.seconds("first-sleep", "svr031")
    assert (wait.seconds, wait.basis) == (None, "unknown")
    assert found.seconds("first-sleep", "svr031", ("SERVERSHUTDOWN", "HALT"))[:2] == (30, "found")


def test_another_text_and_tag(case) -> None:
    found = case(files(stop=STOP.replace('-t CLUSTERPRO "AC EXEC COMMAND"', '-t SITE "tell $CLP_LASTACTION"')))
    assert {(one.message, one.tag) for one in found.logged_texts("svr031")} == {
        ("tell HALT", "SITE"),
        ("tell REBOOT", "SITE"),
    }


def test_the_script_of_the_group_is_found_by_its_path_however_it_is_named(case) -> None:
    document = configuration().replace("<deact><path>stop.sh", "<deact><path>/opt/site/tell.sh", 1)
    given = {"svr031/etc/clp.conf": document.encode("euc_jp"), "svr031/opt/site/tell.sh": STOP.encode(),
             "svr031/exec_ac2/stop.sh": STOP.encode()}  # fmt: skip
    found = case(given)
    assert {(one.group, one.resource) for one in found.scripts} == {("AC_1", "exec_ac1"), ("AC_2", "exec_ac2")}
    assert found.ac_groups("svr047").basis == "scripts"


def test_another_servers_copy_stands_in(case) -> None:
    given = {path: content for path, content in files().items() if path.startswith("svr031/")}
    found = case(given)
    assert found.script("svr047").input == "svr031/scripts/AC_2/exec_ac2/stop.sh"
    assert found.servers == ("svr031", "svr047")


def test_the_configuration_in_use_and_not_its_backup(case) -> None:
    given = files()
    backup = configuration().replace("svr031", "old031").encode("euc_jp")
    given["svr031/work/trnreq/clp.conf"] = backup
    given["svr031/etc/clp.conf.bak"] = backup
    found = case(given)
    assert found.servers == ("svr031", "svr047")
    assert sorted(found.left_out) == ["svr031/etc/clp.conf.bak", "svr031/work/trnreq/clp.conf"]


@pytest.mark.parametrize("written", ["SVR031", "svr031.example.jp"])
def test_servers_have_the_names_of_the_case(case, written: str) -> None:
    found = case(files(configuration().replace("svr031", written)))
    assert found.servers == ("svr031", "svr047")


def test_groups_that_cannot_be_told_apart_are_unknown(case) -> None:
    found = case({"etc/clp.conf": configuration().replace("AC_", "power").encode("euc_jp")})
    assert found.ac_groups("svr031") == ((), "unknown")


def test_a_script_that_was_cut_is_unknown(read) -> None:
    readings, servers = read({"stop.sh": STOP.encode()})
    readings[0].complete = False
    script = settings.read(readings, servers).scripts[0].script
    assert {one.calls for one in script.runs.values()} == {"unknown"}
    assert "Collect the file again" in str(script.problem)
