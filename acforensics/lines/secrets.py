"""Masks secrets in a line before anything else sees it: the recognition code of ESMPRO/AC, and passwords."""

from __future__ import annotations

from acforensics.masking import MASK, continued, mask_secrets

__all__ = ["MASK", "continued", "mask_secrets"]
