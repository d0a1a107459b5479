"""Redaction: names, addresses and identifiers replaced by stand-ins, in a judged case and in copies of bundles.

`Learner` gathers the names while files are read, `Pseudonyms` gives each its stand-in, `Rewriter` applies them. Secrets
are removed by `masking`, redacted or not.
"""

from acforensics.redaction.cases import redact_around, redact_events, redact_model, redact_text
from acforensics.redaction.copying import Copy, redact
from acforensics.redaction.learning import Learner
from acforensics.redaction.pseudonyms import Pseudonyms
from acforensics.redaction.rewriting import Rewriter

__all__ = [
    "Copy",
    "Learner",
    "Pseudonyms",
    "Rewriter",
    "redact",
    "redact_around",
    "redact_events",
    "redact_model",
    "redact_text",
]
