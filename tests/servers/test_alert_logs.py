"""An alert log holds the events of the whole cluster: it says nothing of whose folder it lies in."""

from __future__ import annotations

from pathlib import Path

import acforensics

ALERT = "{n:<10}2026/12/04 22:01:{second:02d}.100 2026/12/04 22:01:{second:02d}.100 {host} {module} {event} 3 {text}\n"
INTERNAL = "I 26/12/04 22:01:{second:02d}.000[ 12: 34] alert.c 1 save alert to local file:2026/12/04 22:01:{second:02d}.000,{module},{event},3,{text}\n"


def test_internal_logs_belong_to_their_folder_though_the_peer_has_more_alerts(tmp_path: Path) -> None:
    folder = tmp_path / "svr031" / "log"
    (folder / "alt").mkdir(parents=True)
    alerts = [
        ALERT.format(n=n, second=n, host="svr047", module="rm", event=1, text=f"Monitoring m{n} has started.")
        for n in range(9)
    ]
    (folder / "alt" / "alertlog.alt").write_text("".join(alerts), encoding="utf-8")
    stop = "Received a request to stop the system from clpstdn."
    (folder / "alert.log.cur").write_text(
        INTERNAL.format(second=33, module="pm", event=30, text=stop), encoding="utf-8"
    )
    timeline = acforensics.analyze([tmp_path]).timeline
    assert set(timeline.loc[timeline["kind"] == "clusterpro.stop_received", "server"]) == {"svr031"}
    assert set(timeline.loc[timeline["kind"] == "clusterpro.monitor_started", "server"]) == {"svr047"}


def test_a_folder_named_after_a_member_in_full_is_that_member(tmp_path: Path) -> None:
    folder = tmp_path / "svr031.example.com" / "log"
    folder.mkdir(parents=True)
    (tmp_path / "clp.conf").write_text(
        '<?xml version="1.0" encoding="ASCII"?><root><server name="SVR031"/><server name="SVR047"/></root>',
        encoding="ascii",
    )
    stop = "Received a request to stop the system from clpstdn."
    (folder / "alert.log.cur").write_text(
        INTERNAL.format(second=33, module="pm", event=30, text=stop), encoding="utf-8"
    )
    case = acforensics.analyze([tmp_path])
    assert [server.name for server in case.model.servers] == ["SVR031"]
    assert [(one.server, one.what) for one in case.model.missing if one.what == "server"] == [("SVR047", "server")]


def test_an_alert_log_in_its_own_folder_is_a_servers_own_log(tmp_path: Path) -> None:
    for folder in ("svr031", "svr047-log"):
        (tmp_path / folder / "log" / "alt").mkdir(parents=True)
        alerts = [
            ALERT.format(n=n, second=n, host=host, module="pm", event=1, text="Starting the cluster daemon...")
            for n, host in enumerate(["svr031", "svr047", "svr063"])
        ]
        (tmp_path / folder / "log" / "alt" / "alertlog.alt").write_text(
            "".join(alerts) + f"9 {folder}\n", encoding="utf-8"
        )
    (tmp_path / "clp.conf").write_text(
        '<?xml version="1.0" encoding="ASCII"?><root>'
        + "".join(f'<server name="{n}"/>' for n in ("svr031", "svr047", "svr063"))
        + "</root>",
        encoding="ascii",
    )
    case = acforensics.analyze([tmp_path])
    assert [one.server for one in case.model.missing if one.what == "server"] == ["svr063"]
