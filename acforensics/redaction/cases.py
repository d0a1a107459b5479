"""A judged case with stand-ins: every name, path, line and sentence of the result, after all is decided."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from acforensics.case import CaseModel, Generator
from acforensics.events import Disagreement, Event, Witness
from acforensics.redaction.rewriting import Rewriter
from acforensics.sources import Surroundings
from acforensics.texts import Text

_PATHS = frozenset(("input", "inputs", "path", "source"))
_HOSTS = frozenset(("server", "servers", "name", "aliases", "agent_host", "from"))
_USERS = frozenset(("actor", "user", "as_user"))
# What a program or a catalogue names; a digest of a file is no name.
_KEPT = frozenset(("sha256", "kind", "rule", "format", "encoding", "schema_", "version", "id_"))
_CUT = re.compile(r"\S*(… \(\+\d+\))\Z")
_Model = TypeVar("_Model", bound=BaseModel)


def redact_model(model: CaseModel, rewriter: Rewriter) -> CaseModel:
    """The result with stand-ins."""
    generator = model.generator.model_copy(
        update={"options": {name: _value(value, name, rewriter) for name, value in model.generator.options.items()}}
    )
    return _model(model.model_copy(update={"generator": generator}), rewriter)


def redact_events(events: Sequence[Event], rewriter: Rewriter) -> list[Event]:
    """The events of the timeline with stand-ins."""
    return [_event(event, rewriter) for event in events]


def redact_around(
    found: Mapping[tuple[str, int], Surroundings], rewriter: Rewriter
) -> dict[tuple[str, int], Surroundings]:
    """The lines around the evidence with stand-ins."""
    return {
        (rewriter.path(path), line): Surroundings(
            tuple(_whole(one, rewriter) for one in around.before), tuple(_whole(one, rewriter) for one in around.after)
        )
        for (path, line), around in found.items()
    }


def _whole(line: str, rewriter: Rewriter) -> str:
    """A line, of which a name that was cut with the line is left out."""
    return rewriter.text(_CUT.sub(r"\1", line))


def redact_text(text: Text, rewriter: Rewriter) -> Text:
    """A sentence in both languages."""
    return Text(en=rewriter.sentence(text.en), ja=rewriter.sentence(text.ja))


def _model(model: _Model, rewriter: Rewriter) -> _Model:
    update = {}
    for name in _written(type(model)):
        value = getattr(model, name)
        rewritten = _value(value, name, rewriter)
        if rewritten is not value:
            update[name] = rewritten
    return model.model_copy(update=update) if update else model


@lru_cache(maxsize=256)
def _written(kind: type[BaseModel]) -> tuple[str, ...]:
    """Fields that hold words of a case: not those of which the contract lists the values."""
    return tuple(
        name for name, field in kind.model_fields.items() if name not in _KEPT and not _is_listed(field.annotation)
    )


def _is_listed(annotation: Any) -> bool:
    kinds = get_args(annotation)
    return get_origin(annotation) is Literal or any(get_origin(kind) is Literal for kind in kinds)


def _value(value: Any, name: str, rewriter: Rewriter) -> Any:
    if isinstance(value, str):
        return _string(value, name, rewriter)
    if isinstance(value, Text):
        return redact_text(value, rewriter)
    if isinstance(value, Generator):
        return value
    if isinstance(value, BaseModel):
        return _model(value, rewriter)
    if isinstance(value, list):
        return [_value(one, name, rewriter) for one in value]
    if isinstance(value, dict):
        return {rewriter.host(key): _value(one, name, rewriter) for key, one in value.items()}
    return value


def _string(value: str, name: str, rewriter: Rewriter) -> str:
    if name in _HOSTS:
        return ", ".join(map(rewriter.host, value.split(", ")))
    if name in _USERS:
        return rewriter.user(value)
    return rewriter.path(value) if name in _PATHS else rewriter.text(value)


def _event(event: Event, rewriter: Rewriter) -> Event:
    return dataclasses.replace(
        event,
        server=rewriter.host(event.server),
        program=rewriter.text(event.program),
        message=rewriter.text(event.message),
        fields={name: _string(value, name, rewriter) for name, value in event.fields.items()},
        stream=rewriter.path(event.stream),
        streams={rewriter.path(stream) for stream in event.streams},
        witnesses=[_witness(witness, rewriter) for witness in event.witnesses],
        previous=_witness(event.previous, rewriter) if event.previous is not None else None,
        disagreements=[
            Disagreement(one.name, _string(one.value, one.name, rewriter), _witness(one.witness, rewriter))
            for one in event.disagreements
        ],
    )


def _witness(witness: Witness, rewriter: Rewriter) -> Witness:
    return dataclasses.replace(witness, input=rewriter.path(witness.input), text=rewriter.text(witness.text))
