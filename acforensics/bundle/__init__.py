"""Walks inputs as streams: directories, single files, archives, archives in archives; nothing is unpacked to disk.

What an archive says about itself is never trusted: links and devices are passed over, names are only shown, and
depth, number and size of members are bounded.
"""

from acforensics.bundle.streams import READ_ERRORS
from acforensics.bundle.walking import Limits, Member, Problem, Walker, describe, problem_text

__all__ = ["READ_ERRORS", "Limits", "Member", "Problem", "Walker", "describe", "problem_text"]
