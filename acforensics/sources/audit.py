"""Joins the records of one audit event: who ran it (SYSCALL) and what was run (EXECVE) stand on lines of their own."""

from __future__ import annotations

from acforensics.events import Hit
from acforensics.lines import audit, mask_secrets

CALL_KIND = "os.audit_call"
COMMAND_KIND = "os.command"


def join(hits: list[Hit]) -> list[Hit]:
    """Give each command of one file its user and terminal; records that only served for that are dropped."""
    calls = {hit.fields.get("serial", ""): hit.fields for hit in hits if hit.kind == CALL_KIND}
    # A call that failed ran nothing.
    failed = {serial for serial, fields in calls.items() if fields.get("success") == "no"}
    kept = [hit for hit in hits if hit.kind != CALL_KIND and hit.fields.get("serial") not in failed]
    for hit in kept:
        if hit.kind != COMMAND_KIND or hit.program != audit.PROGRAM:
            continue
        arguments = hit.fields.pop("arguments", None)
        typed = hit.fields.pop("typed", None)
        if arguments is not None or typed is not None:
            command = audit.command_line(arguments) if arguments is not None else audit.decoded(typed or "")
            hit.fields["command"] = mask_secrets(command)
            if hit.fields["command"] != command:
                # What was in hex, or apart in two arguments, could not be seen before: nothing of it is shown.
                head = hit.raw.partition(": ")[0]
                hit.raw = hit.message = f"{head}: {hit.fields['command']}"
        details = {**calls.get(hit.fields.get("serial", ""), {}), **hit.fields}
        user = audit.login_user(details)
        if user is not None:
            hit.fields["user"] = user
        tty = details.get("tty", "")
        hit.fields["tty"] = "unknown" if tty in ("", "(none)", "?") else tty
        number = details.get("uid", "0")
        as_user = details.get("as_user") or ("root" if number == "0" else f"uid {number}")
        if as_user != "root":
            hit.fields["as_user"] = as_user
    return kept
