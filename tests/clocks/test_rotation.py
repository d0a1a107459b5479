"""Which files are one log, and in which order."""

from __future__ import annotations

from acforensics.clocks.rotation import streams
from acforensics.sources import Reading


def one(*names: str) -> Reading:
    return Reading("/".join(names), names, None)


def test_the_older_internal_log_of_clusterpro_comes_first() -> None:
    found = streams([one("svr031", "log", name) for name in ("rc.log.cur", "rm.log.cur", "rc.log.pre", "nmp1.cur")])
    assert {stream.name: [reading.names[-1] for reading in stream.readings] for stream in found} == {
        "svr031/log/rc.log": ["rc.log.pre", "rc.log.cur"],
        "svr031/log/rm.log": ["rm.log.cur"],
        "svr031/log/nmp1.cur": ["nmp1.cur"],
    }
