"""The summary for a terminal: verdict, findings, shutdowns, what was read, where the report is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acforensics.case import CaseModel, Evidence, Finding, Shutdown
from acforensics.moments import clock, of_day, on_both_clocks, on_case_clock
from acforensics.plain import shorten, visible
from acforensics.rendering.choice import ranked
from acforensics.rendering.page import Page, write
from acforensics.rendering.sequences import counts, deviating, deviations
from acforensics.rendering.settings import count_settings, deviation
from acforensics.rendering.verdict import Incident, judge, names
from acforensics.rendering.view import Places, case_name, remarks_on
from acforensics.rendering.wrapping import pad, width_of
from acforensics.texts import Language, join, literal, text

_MOST_FINDINGS = 20
_MOST_LINES = 3
_MOST_SHUTDOWNS = 20
_MOST_PROBLEMS = 10
_MOST_MISSING = 6
_MOST_PASSAGES = 8
_MOST_READINGS = 3
_MOST_SEQUENCES = 8
_MOST_SETTINGS = 8
_TEXT_LIMIT = 300
# Where the table is too wide, columns give way, and on a narrow terminal the least important ones go.
_GIVE_WAY = (
    ("trigger", 16),
    ("server", 8),
    *((key, 0) for key in ("mode", "confidence", "ups", "corrected")),
    ("trigger", 8),
)


def print_summary(model: CaseModel, lang: Language, report: Path | None) -> None:
    """Write the summary to standard output: as wide as the terminal, in colour only where one is shown."""
    shown = str(report) if report is not None else None
    write(lambda width, colour: render(model, lang, width=width, colour=colour, report=shown))


def render(
    model: CaseModel,
    lang: Language = "en",
    *,
    width: int = 80,
    colour: bool = False,
    report: str | None = None,
) -> str:
    """Return the summary; without `colour` it holds no escape codes at all.

    Args:
        model: the result.
        lang: language of the summary.
        width: cells of a line (text is set no wider than 100).
        colour: whether to use ANSI colours.
        report: where the HTML report was written.
    """
    page = Page(lang, width, colour)
    page.line(visible(case_name(model)), "bold")
    page.paragraph(text("terminal.zone", zone=model.timezone), style="dim")
    _missing(page, model)
    _verdict(page, model)
    _findings(page, model)
    _sequences(page, model)
    _settings(page, model)
    _shutdowns(page, model)
    _read(page, model)
    if report is not None:
        page.gap()
        page.line(visible(text("terminal.report", path=report).within(lang)), "bold")
    return page.text()


def _missing(page: Page, model: CaseModel) -> None:
    """What the case lacks comes first: a verdict is only as good as what was read."""
    if not model.missing:
        return
    page.heading("terminal.missing")
    for one in model.missing[:_MOST_MISSING]:
        page.paragraph(join([one.text, one.without]), mark="- ")
    if len(model.missing) > _MOST_MISSING:
        page.paragraph(text("terminal.more", count=len(model.missing) - _MOST_MISSING), style="dim")


def _verdict(page: Page, model: CaseModel) -> None:
    page.heading("terminal.verdict")
    verdict = judge(model)
    for number, incident in enumerate(verdict.incidents):
        if number:
            page.gap()
        _incident(page, incident)
    for sentence in verdict.nothing:
        page.paragraph(sentence)
    if verdict.advice is not None:
        page.paragraph(text("terminal.what-to-do", advice=verdict.advice))
    if verdict.left_out:
        page.paragraph(text("verdict.left-out", count=verdict.left_out), style="dim")
    page.gap()
    page.paragraph(verdict.read, style="dim")


def _incident(page: Page, incident: Incident) -> None:
    word = text(f"severity.{incident.grade}").within(page.lang)
    page.line(f"{page.style(word, incident.grade)}  {visible(incident.when().within(page.lang))}")
    page.paragraph(incident.headline, 2, "bold")
    if incident.consequence is not None:
        page.paragraph(incident.consequence, 2, "bold")
    separator = " " if page.lang == "en" else ""
    page.paragraph(separator.join(page.say(part) for part in incident.said), 2)
    page.paragraph(text("terminal.what-to-do", advice=incident.advice), 2)
    if len(incident.story) > 1:
        _story(page, incident)
    if incident.readings:
        page.paragraph(text("terminal.readings"), 2, "dim")
    for reading in incident.readings[:_MOST_READINGS]:
        page.paragraph(reading, 4, mark="- ")


def _story(page: Page, incident: Incident) -> None:
    """What led to what, a line each: the time, on a new day with its date."""
    page.paragraph(text("terminal.story"), 2, "dim")
    day = incident.times[0][1].date()
    for passage in incident.story[:_MOST_PASSAGES]:
        shown = of_day(passage.time, day)
        day = passage.time.date()
        told = passage.told
        if passage.corrected is not None:
            told = join([told, on_case_clock(passage.time, passage.corrected)], literal(" "))
        page.paragraph(told, 4, mark=f"{shown}  ")
    if len(incident.story) > _MOST_PASSAGES:
        page.paragraph(text("story.more", count=len(incident.story) - _MOST_PASSAGES), 4, "dim")


def _findings(page: Page, model: CaseModel) -> None:
    page.heading("terminal.findings")
    if not model.findings:
        page.paragraph(text("report.no-findings"))
        return
    places = Places([item.path for item in model.inputs])
    found = ranked(model.findings)
    for number, finding in enumerate(found[:_MOST_FINDINGS]):
        if number:
            page.gap()
        _finding(page, finding, places)
    if len(found) > _MOST_FINDINGS:
        page.paragraph(text("terminal.more", count=len(found) - _MOST_FINDINGS), style="dim")


def _finding(page: Page, finding: Finding, places: Places) -> None:
    word = text(f"severity.{finding.severity}").within(page.lang)
    page.line(f"{page.style(word, finding.severity)}  {visible(finding.rule)}")
    page.paragraph(finding.title, 2, "bold")
    page.paragraph(finding.summary, 2)
    for one in finding.evidence[:_MOST_LINES]:
        _evidence(page, one, places)
    if len(finding.evidence) > _MOST_LINES:
        page.paragraph(text("terminal.evidence-more", count=len(finding.evidence) - _MOST_LINES), 4, "dim")
    page.paragraph(text("terminal.advice", advice=finding.advice, reference=finding.reference), 2)


def _evidence(page: Page, one: Evidence, places: Places) -> None:
    number = "" if one.line is None else f":{one.line}"
    remarks = [remark.within(page.lang) for remark in remarks_on(one)]
    page.paragraph(" ".join([f"{places.short(one.input)}{number}", *remarks]), 4, "dim")
    page.paragraph(shorten(visible(one.within(page.lang)), _TEXT_LIMIT), 6)


def _sequences(page: Page, model: CaseModel) -> None:
    """How many there are, and what deviates: a line for each kind of deviation."""
    if not model.sequences:
        return
    page.heading("terminal.sequences")
    page.paragraph(text("sequence-page.counts", **counts(model.sequences)))
    kinds = deviating(model.sequences)
    for alike in kinds[:_MOST_SEQUENCES]:
        first = alike[0]
        time = on_both_clocks(first.start, first.corrected_start)
        title = f"{page.say(time)} {first.server}: {page.say(first.title)}"
        if len(alike) > 1:
            servers = names(list(dict.fromkeys(one.server for one in alike)))
            values = {"count": len(alike), "servers": servers, "time": time, "title": first.title}
            title = page.say(text("terminal.sequence-times", **values))
        page.paragraph(title, mark="- ")
        found = deviations(first)
        for sentence in found[:_MOST_LINES]:
            page.paragraph(sentence, 4, "critical")
        if len(found) > _MOST_LINES:
            page.paragraph(text("terminal.more", count=len(found) - _MOST_LINES), 4, "dim")
    if len(kinds) > _MOST_SEQUENCES:
        page.paragraph(text("terminal.more", count=len(kinds) - _MOST_SEQUENCES), style="dim")


def _settings(page: Page, model: CaseModel) -> None:
    """How many there are, and those that differ; a case without any that could be read has a line less."""
    counted = count_settings(model.settings)
    if not counted["differs"] and not counted["ok"]:
        return
    page.heading("terminal.settings")
    page.paragraph(text("settings-page.counts", **counted))
    differing = [one for one in model.settings if one.status == "differs"]
    for one in differing[:_MOST_SETTINGS]:
        page.paragraph(deviation(one), mark="- ")
    if len(differing) > _MOST_SETTINGS:
        page.paragraph(text("terminal.more", count=len(differing) - _MOST_SETTINGS), style="dim")


def _shutdowns(page: Page, model: CaseModel) -> None:
    if not model.shutdowns:
        return
    page.heading("terminal.shutdowns")
    shown = model.shutdowns[:_MOST_SHUTDOWNS]
    rows = [_row(page, end) for end in shown]
    if all(end.corrected_time is None for end in shown):
        for row in rows:
            del row["corrected"]
    headings = {key: text(f"report.col.{key}").within(page.lang) for key in rows[0]}
    widths = {key: max(width_of(row[key]) for row in [headings, *rows]) for key in headings}
    for column, least in _GIVE_WAY:
        spare = sum(widths.values()) + 2 * (len(widths) - 1) - page.width
        if spare > 0 and least:
            widths[column] = max(least, min(widths[column], widths[column] - spare))
        elif spare > 0:
            del widths[column]
    page.line(_columns(headings, widths), "dim")
    for row in rows:
        page.line(_columns(row, widths))
    if len(model.shutdowns) > _MOST_SHUTDOWNS:
        page.paragraph(text("terminal.more", count=len(model.shutdowns) - _MOST_SHUTDOWNS), style="dim")


def _row(page: Page, end: Shutdown) -> dict[str, str]:
    return {
        "time": clock(end.time),
        "corrected": of_day(end.case_time, end.time.date()),
        "server": visible(end.server),
        "trigger": text(f"trigger.{end.trigger}").within(page.lang),
        "confidence": text(f"confidence.{end.confidence}").within(page.lang),
        "mode": text(f"mode.{end.mode}").within(page.lang),
        "ups": text(f"ups-told.{end.ups_told}").within(page.lang),
    }


def _columns(cells: Mapping[str, str], widths: Mapping[str, int]) -> str:
    return "  ".join(pad(cells[key], width) for key, width in widths.items()).rstrip()


def _read(page: Page, model: CaseModel) -> None:
    page.heading("terminal.read")
    used = [item for item in model.inputs if item.records and item.first is not None and item.last is not None]
    for server in dict.fromkeys(item.server for item in used):
        own = [item for item in used if item.server == server]
        page.paragraph(
            text(
                "terminal.by-server",
                server=server,
                files=len(own),
                records=sum(item.records for item in own),
                events=sum(item.events for item in own),
                first=clock(min(item.first for item in own if item.first is not None)),
                last=clock(max(item.last for item in own if item.last is not None)),
            )
        )
    if len(used) < len(model.inputs):
        page.paragraph(text("terminal.without-records", count=len(model.inputs) - len(used)))
    if model.problems:
        page.heading("terminal.problems")
        for problem in model.problems[:_MOST_PROBLEMS]:
            page.paragraph(problem, mark="- ")
        if len(model.problems) > _MOST_PROBLEMS:
            page.paragraph(text("terminal.more", count=len(model.problems) - _MOST_PROBLEMS), style="dim")
