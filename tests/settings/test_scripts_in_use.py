"""Which of several stop scripts of one server is the one in use: a copy put aside must accuse nobody."""

from __future__ import annotations

import pytest

from acforensics import settings
from tests.settings.cluster import OWN_CODE, STOP, files, statuses

OLD = STOP.replace("ShutdownOff", "ShutdownReboot").replace(OWN_CODE, "ESMACnet").encode()
JUDGED = ("recognition-code", "stop-script-options", "stop-scripts-alike")


def differing(found):
    rows = settings.audit(found)
    return {item for item in JUDGED if "differs" in statuses(rows, item)}


@pytest.mark.parametrize(
    "path",
    [
        "scripts/AC_1/exec_ac1/stop.sh.bak",
        "scripts/AC_1/exec_ac1/stop.sh.20250101",
        "scripts/AC_1/exec_ac1/stop.sh~",
        "scripts/AC_1/exec_ac1/stop_old.sh",
        "scripts/AC_1/exec_ac1/old/stop.sh",
        "scripts/AC_1/exec_ac1.old/stop.sh",
        "backup/scripts/AC_1/exec_ac1/stop.sh",
        "root/AC_1/exec_ac1/stop.sh",
        "tmp/stop.sh",
    ],
)
def test_a_copy_put_aside_is_not_audited_but_named(case, path):
    found = case({**files(), f"svr031/{path}": OLD})
    assert differing(found) == set()
    assert found.idle == (f"svr031/{path}",)
    assert any(f"svr031/{path}" in problem.en for problem in found.problems())
    assert found.script("svr031").input == "svr031/scripts/AC_1/exec_ac1/stop.sh"


@pytest.mark.parametrize("path", ["scripts/AC_1/exec_ac1/stop.sh", "backup/scripts/AC_1/exec_ac1/stop.sh"])
def test_the_only_script_of_its_place_is_audited_wherever_it_lies(case, path):
    given = files()
    del given["svr031/scripts/AC_1/exec_ac1/stop.sh"]
    assert differing(case({**given, f"svr031/{path}": OLD})) == set(JUDGED)


def test_bare_files_of_one_folder_are_weighed_against_each_other(case):
    found = case({"stop.sh": STOP.encode(), "stop_old.sh": OLD})
    assert len(found.scripts) == 1
    assert found.idle == ("stop_old.sh",)
