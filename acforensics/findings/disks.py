"""What CLUSTERPRO's messages are about: a monitor or resource, and whether that is a disk that servers may share."""

from __future__ import annotations

import re

from acforensics.events import Event

_NAME = re.compile(r"disk|raww?\d*$|volmgr|hdw|iscsi", re.IGNORECASE)
_TEXT = re.compile(r"/dev/|\bdisks?\b|\bLUN\b|multipath|ディスク", re.IGNORECASE)
# Mirrored disks are each server's own; the system monitors speak of how full a disk is.
_OWN_DISKS = re.compile(r"(?:md|mdw|mdn|mdnw|sra|sraw|psrw|psw)[-_]?\d*$", re.IGNORECASE)
_MIRROR = re.compile(r"\bmirror", re.IGNORECASE)


def name_of(event: Event) -> str:
    """The monitor or resource that a message is about."""
    return event.fields.get("monitor") or event.fields.get("resource") or ""


def concerns(event: Event, name: str) -> bool:
    """Whether a message is about this monitor or resource; one in an unknown wording only has to name it."""
    named = name_of(event)
    if named or not name:
        return named == name
    return re.search(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])", event.message) is not None


def about_disk(event: Event) -> bool:
    """Whether a message is about a disk that may be shared: by its monitor's or resource's name, else by its text."""
    name = name_of(event)
    if _OWN_DISKS.match(name) or _MIRROR.search(event.message):
        return False
    return bool(_NAME.search(name) or _TEXT.search(event.fields.get("detail", "") or event.message))
