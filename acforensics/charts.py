"""The case as a Plotly figure: a lane of boots and shutdowns for each server, and thin lanes of events.

Plotly reads a small HTML of its own: names are escaped here; what lies in `customdata` is plain text (so that a click
can show it as it is) and escaped by the page's script before Plotly sees it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acforensics.case import Boot, CaseModel, EndState, Input, Shutdown, Trigger
from acforensics.moments import clock
from acforensics.plain import shorten
from acforensics.texts import Language, text
from acforensics.timeline import TimelineRow

_TEXT_LIMIT = 250
_NAME_LIMIT = 16
LAYERS = ("os", "clusterpro", "ac", "ups")
# Colours that stay apart for colour-blind readers; the script swaps in brighter ones on a dark page.
STATE_COLOURS: dict[EndState, str] = {
    "clean": "#2a8f6d",
    "unclean": "#c8452b",
    "unknown": "#8a8f98",
    "running": "#3b7dd8",
}
_STATE_PATTERNS: dict[EndState, str] = {"clean": "", "unclean": "x", "unknown": "/", "running": ""}
_TRIGGER_MARKS: dict[Trigger, tuple[str, str]] = {
    "clusterpro-command": ("#1d7a5a", "square"),
    "clusterpro-recovery": ("#b8561b", "diamond"),
    "ac-power-failure": ("#8a5a00", "triangle-down"),
    "ac-schedule": ("#1d6fb8", "circle"),
    "ups-agent": ("#7a5195", "triangle-up"),
    "os-command": ("#c2255c", "star"),
    "hardware-request": ("#5f3dc4", "pentagon"),
    "fencing": ("#b02a1c", "x"),
    "crash": ("#b02a1c", "cross"),
    "power-loss": ("#b02a1c", "hexagon2"),
    "unknown": ("#5c636e", "circle-open"),
}


def trigger_colour(trigger: str) -> str:
    """The colour of a trigger in every chart."""
    return next((colour for name, (colour, _) in _TRIGGER_MARKS.items() if name == trigger), "#5c636e")


Figure = dict[str, Any]
"""`data` and `layout`, as Plotly's script reads them."""
_LAYER_COLOURS = {"os": "#6b7280", "clusterpro": "#2f6fb3", "ac": "#a0522d", "ups": "#7a5195"}


@dataclass(frozen=True)
class Drawn:
    """What is drawn: chosen by the caller, who says what was left out."""

    events: Sequence[TimelineRow]
    ends: Sequence[Shutdown]
    boots: Sequence[Boot]


def chart(model: CaseModel, drawn: Drawn, lang: Language, show: Callable[[str], str] = str) -> Figure:
    """Draw the case.

    Args:
        model: the result.
        drawn: which of its events, ends and boots.
        lang: language of names and hover texts.
        show: makes log text harmless (the renderer's `visible`).
    """
    layers = [layer for layer in LAYERS if layer in {event.layer for event in drawn.events}]
    lanes = _Lanes([server.name for server in model.servers], layers)
    painter = _Painter(lanes, lang, show)
    return {
        "data": [*painter.boots(drawn.boots, model), *painter.events(drawn.events), *painter.shutdowns(drawn.ends)],
        "layout": _layout(model, lanes, painter, lang, show),
    }


def _layout(
    model: CaseModel, lanes: _Lanes, painter: _Painter, lang: Language, show: Callable[[str], str]
) -> dict[str, Any]:
    return {
        "height": max(260, 110 + round(46 * lanes.height)),
        "margin": {"l": 128, "r": 16, "t": 30, "b": 48},
        "barmode": "overlay",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "font": {"size": 12}},
        "dragmode": "zoom",
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0, "font": {"size": 12}},
        "font": {"family": "system-ui, sans-serif", "size": 12},
        "xaxis": {
            "type": "date",
            "title": {"text": html.escape(text(_axis(model), zone=show(model.timezone)).within(lang))},
            # Numbers only: month names would be English in both languages.
            "tickformatstops": [
                {"dtickrange": [None, 1000], "value": "%H:%M:%S.%L"},
                {"dtickrange": [1000, 60_000], "value": "%H:%M:%S\n%Y-%m-%d"},
                {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%Y-%m-%d"},
                {"dtickrange": [86_400_000, "M1"], "value": "%m-%d\n%Y"},
                {"dtickrange": ["M1", None], "value": "%Y-%m"},
            ],
        },
        "yaxis": {
            "range": [-lanes.height + 0.35, 0.65],
            "fixedrange": True,
            "tickmode": "array",
            "tickvals": [lanes.of(*lane) for lane in lanes.all],
            "ticktext": [painter.lane_name(*lane) for lane in lanes.all],
            "ticks": "",
            "zeroline": False,
        },
        "meta": {"lanes": [[show(server), layer] for server, layer in lanes.all]},
        "separators": ".,",
    }


class _Lanes:
    """Where each server's main lane and its layers' thin lanes lie on the y axis (downwards from 0)."""

    def __init__(self, servers: list[str], layers: list[str]) -> None:
        self._at: dict[tuple[str, str | None], float] = {}
        at = 0.0
        for server in servers:
            self._at[server, None] = -at
            at += 0.72
            for layer in layers:
                self._at[server, layer] = -at
                at += 0.42
            at += 0.5
        self.height = max(at, 1.0)
        self.all = list(self._at)

    def of(self, server: str, layer: str | None = None) -> float:
        return self._at[server, layer]

    def __contains__(self, lane: tuple[str, str | None]) -> bool:
        return lane in self._at


class _Painter:
    """Makes the traces in one language. What marks say lies in `customdata`, the same in both.

    An id is the place among the events, or ends, that are drawn. What an event says stands in that row of the page's
    table: the script reads it there.
    """

    def __init__(self, lanes: _Lanes, lang: Language, show: Callable[[str], str]) -> None:
        self._lanes = lanes
        self._lang = lang
        self._show = show

    def lane_name(self, server: str, layer: str | None) -> str:
        if layer is not None:
            return text(f"layer.{layer}").within(self._lang)
        shown = self._show(server)
        return f"<b>{html.escape(shown if len(shown) <= _NAME_LIMIT else shown[: _NAME_LIMIT - 1] + '…')}</b>"

    def boots(self, boots: Sequence[Boot], model: CaseModel) -> list[Figure]:
        traces: list[Figure] = []
        edges = _edges(model)
        found = ((boot.id, _span(boot, edges)) for boot in boots if (boot.server, None) in self._lanes)
        spans = {name: span for name, span in found if span is not None}
        for state, colour in STATE_COLOURS.items():
            own = [(boot, spans[boot.id]) for boot in boots if boot.end_state == state and boot.id in spans]
            if not own:
                continue
            name = text("report.chart.boot", state=text(f"end-state.{state}")).within(self._lang)
            period = text("report.chart.from-to", start="%{customdata[1]}", end="%{customdata[2]}").within(self._lang)
            traces.append(
                {
                    "type": "bar",
                    "name": name,
                    "orientation": "h",
                    "base": [_naive(start) for _, (start, _) in own],
                    "x": [max((end - start).total_seconds() * 1000, 1) for _, (start, end) in own],
                    "y": [self._lanes.of(boot.server) for boot, _ in own],
                    "width": 0.34,
                    "marker": {
                        "color": colour,
                        "opacity": 0.85,
                        "line": {"width": 1, "color": colour},
                        "pattern": {
                            "shape": _STATE_PATTERNS[state],
                            "fillmode": "overlay",
                            "size": 7,
                            "solidity": 0.25,
                        },
                    },
                    "customdata": [
                        [
                            self._show(boot.id),
                            clock(boot.start) if boot.start else "…",
                            clock(boot.end) if boot.end else "…",
                        ]
                        for boot, _ in own
                    ],
                    "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{html.escape(name)}<br>{period}<extra></extra>",
                    "meta": {"role": "boot", "state": state},
                }
            )
        return traces

    def shutdowns(self, shutdowns: Sequence[Shutdown]) -> list[Figure]:
        traces: list[Figure] = []
        for trigger, (colour, symbol) in _TRIGGER_MARKS.items():
            marked = [
                (str(place), s)
                for place, s in enumerate(shutdowns)
                if s.trigger == trigger and (s.server, None) in self._lanes
            ]
            if not marked:
                continue
            own = [s for _, s in marked]
            name = text("report.chart.shutdown", trigger=text(f"trigger.{trigger}")).within(self._lang)
            traces.append(
                {
                    "type": "scatter",
                    "name": name,
                    "mode": "markers",
                    "x": [_naive(s.case_time) for s in own],
                    "y": [self._lanes.of(s.server) for s in own],
                    "marker": {
                        "symbol": symbol,
                        "size": 15,
                        "color": colour,
                        "line": {"width": 1.5, "color": "#ffffff"},
                    },
                    "ids": [place for place, _ in marked],
                    "customdata": [[self._show(s.server), clock(s.time), *_line_of(s, self._show)] for s in own],
                    "hovertemplate": (
                        f"<b>{html.escape(name)}</b><br>%{{customdata[0]}}, %{{customdata[1]}}"
                        "<br>%{customdata[3]}<br>%{customdata[2]}<extra></extra>"
                    ),
                    "meta": {"role": "shutdown", "trigger": trigger},
                }
            )
        return traces

    def events(self, drawn: Sequence[TimelineRow]) -> list[Figure]:
        traces: list[Figure] = []
        for layer in LAYERS:
            own = [
                (str(place), event)
                for place, event in enumerate(drawn)
                if event.layer == layer and (event.server, None) in self._lanes
            ]
            if not own:
                continue
            name = text("report.chart.events", layer=text(f"layer.{layer}")).within(self._lang)
            traces.append(
                {
                    "type": "scatter",
                    "name": name,
                    "mode": "markers",
                    "x": [event.local_time[:23] for _, event in own],
                    "y": [self._lanes.of(event.server, layer) for _, event in own],
                    "ids": [place for place, _ in own],
                    "marker": {
                        "symbol": "line-ns-open",
                        "size": 11,
                        "color": _LAYER_COLOURS[layer],
                        "line": {"width": 1.6},
                    },
                    "hovertemplate": (
                        "<b>%{customdata[4]}</b>  %{customdata[1]}  %{customdata[0]}"
                        "<br>%{customdata[3]}<br>%{customdata[2]}<extra></extra>"
                    ),
                    "meta": {"role": "event", "layer": layer},
                }
            )
        return traces


def _line_of(shutdown: Shutdown, show: Callable[[str], str]) -> tuple[str, str]:
    """(`file:line`, text) of the line that decided."""
    if not shutdown.evidence:
        return "", ""
    first = shutdown.evidence[0]
    where = show(_file_name(first.input)) + (f":{first.line}" if first.line is not None else "")
    return where, shorten(show(first.text), _TEXT_LIMIT)


def _file_name(path: str) -> str:
    """The path inside the innermost archive."""
    return path.rsplit("!", 1)[-1]


_Edges = Mapping[str, tuple[datetime | None, datetime | None]]


def _edges(model: CaseModel) -> _Edges:
    """First and last record of each server; under "" those of the case."""
    own: dict[str, list[Input]] = {"": model.inputs}
    for item in model.inputs:
        for server in item.server.split(", "):
            own.setdefault(server, []).append(item)
    return {
        server: (
            min((item.first for item in items if item.first is not None), default=None),
            max((item.last for item in items if item.last is not None), default=None),
        )
        for server, items in own.items()
    }


def _span(boot: Boot, edges: _Edges) -> tuple[datetime, datetime] | None:
    """Where its bar begins and ends; without a start or end it reaches to the edge of the logs."""
    first, last = edges.get(boot.server, edges[""])
    started, ended = boot.corrected_start or boot.start, boot.corrected_end or boot.end
    start, end = started or first or ended, ended or last or started
    if start is None or end is None:
        return None
    return (start, end) if start <= end else (end, end)


def _axis(model: CaseModel) -> str:
    corrected = any(boot.corrected_start or boot.corrected_end for boot in model.boots)
    return "report.chart.axis-corrected" if corrected else "report.chart.axis"


def _naive(moment: datetime) -> str:
    """Local time without its zone: Plotly would show any other in UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
