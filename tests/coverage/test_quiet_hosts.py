"""A central log: a quiet host's last line is not lost among those of a busy one."""

from __future__ import annotations

import acforensics


def test_the_last_line_of_a_quiet_host_is_known(tmp_path):
    lines = []
    for second in range(3600):
        at = f"2026-11-20T{9 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}+09:00"
        lines += [f"{at} svr031 app[7]: request {second} number {n} of a busy server" for n in range(8)]
        if second % 60 == 20 and second < 1900:
            lines.append(f"{at} svr047 app[9]: still here")
    lines.insert(1, "2026-11-20T09:00:00+09:00 svr047 kernel: Linux version 5.14.0-1 (x)")
    (tmp_path / "messages").write_text("\n".join(lines) + "\n")
    model = acforensics.analyze([tmp_path]).model
    (quiet,) = [one for one in model.coverage if one.server == "svr047"]
    assert quiet.last.isoformat() == "2026-11-20T09:31:20+09:00"
