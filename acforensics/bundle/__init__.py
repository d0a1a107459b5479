"""Walks inputs as streams: directories, single files, archives, archives in archives; nothing is unpacked to disk.

What an archive says about itself is never trusted: links and devices are passed over, names are only shown, and
depth, number and size of members, their expansion and the time that each takes are bounded.
"""

from acforensics.bundle.limits import Limits, parse_limits
from acforensics.bundle.streams import READ_ERRORS
from acforensics.bundle.walking import Member, Problem, Walker, describe, failure_text, is_archive, problem_text

__all__ = [
    "READ_ERRORS",
    "Limits",
    "Member",
    "Problem",
    "Walker",
    "describe",
    "failure_text",
    "is_archive",
    "parse_limits",
    "problem_text",
]
