"""Everything that a file's reading holds passes here before anybody else sees it: no secret stays in any field of it.

Readers mask each line before they take it apart; a field that was in hex, or came from a journal or a table by itself,
was not a part of such a line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from acforensics.events import Hit
from acforensics.lines import Record
from acforensics.masking import MASK, mask_secrets
from acforensics.sources.reading import Reading

# As a tag: `AC_SECCODE: x` has its secret in the message.
_ANNOUNCING = re.compile(r"(?:\w{1,40}_)?(?:seccode|password|passphrase)", re.IGNORECASE)


@lru_cache(maxsize=1 << 12)
def mask_name(name: str) -> str:
    """A host, program, user or boot, of which a log holds few different ones."""
    return mask_secrets(name)


def mask_record(record: Record) -> Record:
    """The record without secrets in its names; its message was masked with the line that it stood in."""
    host, program = mask_name(record.host), mask_name(record.program)
    if record.message and _ANNOUNCING.fullmatch(record.program):
        return record._replace(host=host, program=program, message=MASK)
    if host is record.host and program is record.program:
        return record
    return record._replace(host=host, program=program)


def mask_reading(reading: Reading) -> Reading:
    """Mask what a reading holds, in place: all but its notes, which are sentences of ours about masked values."""
    for hit in reading.hits:
        _mask_hit(hit)
    reading.marks = [
        mark if _is_clean(mark.host, mark.boot) else mark._replace(host=mask_name(mark.host), boot=mask_name(mark.boot))
        for mark in reading.marks
    ]
    reading.facts = [
        fact._replace(value=mask_secrets(fact.value), text=mask_secrets(fact.text)) for fact in reading.facts
    ]
    reading.unframed_samples = [(line, mask_secrets(sample)) for line, sample in reading.unframed_samples]
    return reading


def _is_clean(*names: str) -> bool:
    return all(mask_name(name) == name for name in names)


def _mask_hit(hit: Hit) -> None:
    hit.host, hit.program, hit.boot = mask_name(hit.host), mask_name(hit.program), mask_name(hit.boot)
    hit.pid, hit.message, hit.raw = mask_secrets(hit.pid), mask_secrets(hit.message), mask_secrets(hit.raw)
    for name, value in hit.fields.items():
        hit.fields[name] = mask_secrets(value)
    if hit.previous is not None:
        hit.previous = hit.previous._replace(raw=mask_secrets(hit.previous.raw))
