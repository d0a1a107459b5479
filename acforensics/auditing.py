"""`acforensics audit`: the settings in inputs against the HOWTO, without judging what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from acforensics import case as models
from acforensics import clocks, placing, settings
from acforensics.bundle import Limits, Walker, problem_text
from acforensics.errors import UsageError
from acforensics.masking import ShownNames
from acforensics.parsing.definitions import load
from acforensics.parsing.recognition import Recogniser
from acforensics.sources import Reading, Shelf, read_member
from acforensics.texts import Language, Text, input_error, join, literal, text


def audit(
    inputs: Sequence[str | Path],
    *,
    parsers: Sequence[str | Path] = (),
    places: Mapping[str, str] | None = None,
    lang: Language = "en",
    limits: Limits | None = None,
) -> models.AuditModel:
    """Read the settings in inputs and compare them with the HOWTO.

    Args:
        inputs: files, directories or archives: whole bundles, or clp.conf and scripts alone.
        parsers: folders with a site's own definitions (they decide which server a file is from).
        places: where clp.conf has what the product does not know: `sync-wait` or `restart-limit` → path.
        lang: language of errors.
        limits: bounds against hostile inputs, where others than the usual ones are wanted.

    Raises:
        InputError: no settings were found.
        UsageError: an argument does not fit.
    """
    recogniser = Recogniser(load([Path(path) for path in parsers]))
    shelf, names = Shelf(), ShownNames()
    walker = Walker(limits, names)
    readings = [read_member(member, recogniser, shelf) for member in walker.walk([Path(given) for given in inputs])]
    problems = [problem_text(problem) for problem in walker.problems]
    found = settings.read(readings, _servers(readings), places)
    problems += _problems(readings, found)
    if not found:
        shown = ", ".join(names.path(str(given)) for given in inputs)
        nothing = text("settings.problem.nothing", inputs=shown, files=len(readings))
        raise input_error([*problems, nothing])
    options = {
        "parsers": [names.name(Path(path).name) for path in parsers],
        "places": dict(sorted((places or {}).items())),
    }
    return models.AuditModel(
        generator=models.Generator(name="acforensics", version=version("acforensics"), options=options),
        settings=[_of_nobody(row.setting()) for row in settings.audit(found)],
        notes=[_named(path, text("settings.problem.left-out")) for path in found.left_out],
        problems=problems,
    )


def places_of(given: Sequence[str]) -> dict[str, str]:
    """`NAME=PATH`, as typed."""
    found = {}
    for one in given:
        name, _, path = one.partition("=")
        if name not in settings.SITE_SETTINGS or not path.strip("/"):
            raise UsageError(text("settings.problem.place", given=one, names=", ".join(settings.SITE_SETTINGS)).en)
        found[name] = path
    return found


def _servers(readings: Sequence[Reading]) -> Mapping[int, str]:
    """The server of each file, decided as in an analysis."""
    servers, _ = placing.date(readings, clocks.choose_zones(readings, None), None).place()
    return servers.by_reading


def _of_nobody(setting: models.Setting) -> models.Setting:
    """Where nothing tells whose file it is, no server is named."""
    return setting.model_copy(update={"server": ""}) if setting.server == "localhost" else setting


def _problems(readings: Sequence[Reading], found: settings.Settings) -> list[Text]:
    """Settings that could not be read, or only in part."""
    problems = [_named(reading.path, reading.notes[0]) for reading in readings if not reading.complete]
    problems += [
        _named(reading.path, note)
        for reading in readings
        if reading.complete and reading.document is None and not reading.records and _is_of_settings(reading)
        for note in reading.notes
    ]
    return [*problems, *found.problems()]


def _is_of_settings(reading: Reading) -> bool:
    name = reading.names[-1].lower() if reading.names else ""
    return name == "clp.conf" or name.endswith("stop.sh")


def _named(path: str, problem: Text) -> Text:
    return join([literal(f"{path}: "), problem], literal(""))
