"""The case as a Plotly figure: a lane of boots and shutdowns for each server, and thin lanes of events.

Every text that comes from a log is escaped here, because Plotly reads a small HTML of its own.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from acforensics.case import Boot, CaseModel, EndState, Shutdown, Trigger
from acforensics.texts import Language, text

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

MAX_MARKS = 2000
_TEXT_LIMIT = 180
_WRAP = 80
_NAME_LIMIT = 16
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=5)
_LAYERS = ("os", "clusterpro", "ac", "ups")
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
_LAYER_COLOURS = {"os": "#6b7280", "clusterpro": "#2f6fb3", "ac": "#a0522d", "ups": "#7a5195"}
_PLAIN_KINDS = {
    "os.session_opened",
    "os.session_closed",
    "os.command",
    "os.service_stopping",
    "clusterpro.message",
}


@dataclass(frozen=True)
class Chart:
    """A figure, and how many of the events it holds."""

    figure: go.Figure
    shown: int
    total: int


def chart(
    model: CaseModel,
    timeline: pd.DataFrame,
    lang: Language,
    show: Callable[[str], str] = str,
    limit: int = MAX_MARKS,
) -> Chart:
    """Draw the case.

    Args:
        model: the result.
        timeline: columns as in `acforensics.timeline.COLUMNS`.
        lang: language of names and hover texts.
        show: makes log text harmless (the renderer's `visible`).
        limit: the most events to draw.
    """
    import plotly.graph_objects as go

    chosen = select(timeline, model.shutdowns, limit)
    lanes = _Lanes([server.name for server in model.servers], [x for x in _LAYERS if x in set(timeline["layer"])])
    painter = _Painter(lanes, lang, show)
    figure = go.Figure([*painter.boots(model), *painter.events(chosen), *painter.shutdowns(model.shutdowns)])
    figure.update_layout(
        template="none",
        height=max(260, 110 + round(46 * lanes.height)),
        margin={"l": 128, "r": 16, "t": 8, "b": 48},
        barmode="overlay",
        hovermode="closest",
        hoverlabel={"align": "left", "font": {"size": 12}},
        dragmode="zoom",
        legend={"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0, "font": {"size": 12}},
        font={"family": "system-ui, sans-serif", "size": 12},
        xaxis={
            "type": "date",
            "title": {"text": html.escape(text("report.chart.axis", zone=show(model.timezone)).within(lang))},
            # Numbers only: month names would be English in both languages.
            "tickformatstops": [
                {"dtickrange": [None, 1000], "value": "%H:%M:%S.%L"},
                {"dtickrange": [1000, 60_000], "value": "%H:%M:%S\n%Y-%m-%d"},
                {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%Y-%m-%d"},
                {"dtickrange": [86_400_000, "M1"], "value": "%m-%d\n%Y"},
                {"dtickrange": ["M1", None], "value": "%Y-%m"},
            ],
        },
        yaxis={
            "range": [-lanes.height + 0.35, 0.65],
            "fixedrange": True,
            "tickmode": "array",
            "tickvals": [lanes.of(*lane) for lane in lanes.all],
            "ticktext": [painter.lane_name(*lane) for lane in lanes.all],
            "ticks": "",
            "zeroline": False,
        },
        separators=".,",
    )
    return Chart(figure, len(chosen), len(timeline))


def select(timeline: pd.DataFrame, shutdowns: Sequence[Shutdown], limit: int) -> pd.DataFrame:
    """The rows that explain most: near a shutdown, and of kinds that tell of stops, power and requests."""
    if len(timeline) <= limit:
        return timeline
    import numpy as np
    import pandas as pd

    stamps = pd.DatetimeIndex(timeline.index).tz_localize(None).to_numpy().astype("datetime64[us]").astype("int64")
    ends = np.array(sorted(int(shutdown.case_time.timestamp() * 1_000_000) for shutdown in shutdowns), dtype="int64")
    near = np.zeros(len(timeline), dtype=bool)
    if len(ends):
        before, after = (round(span / timedelta(microseconds=1)) for span in (_BEFORE, _AFTER))
        following = np.searchsorted(ends, stamps - after)
        near = (following < len(ends)) & (ends[np.minimum(following, len(ends) - 1)] - before <= stamps)
    telling = timeline["layer"].isin(["ac", "ups"]).to_numpy() | ~timeline["kind"].isin(_PLAIN_KINDS).to_numpy()
    score = near.astype("int8") * 2 + telling.astype("int8")
    kept = np.sort(np.argsort(-score, kind="stable")[:limit])
    return timeline.iloc[kept]


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
    """Makes the traces in one language. What marks say lies in `customdata`, the same in both."""

    def __init__(self, lanes: _Lanes, lang: Language, show: Callable[[str], str]) -> None:
        self._lanes = lanes
        self._lang = lang
        self._show = show

    def lane_name(self, server: str, layer: str | None) -> str:
        if layer is not None:
            return text(f"layer.{layer}").within(self._lang)
        shown = self._show(server)
        return f"<b>{html.escape(shown if len(shown) <= _NAME_LIMIT else shown[: _NAME_LIMIT - 1] + '…')}</b>"

    def boots(self, model: CaseModel) -> list[Any]:
        import plotly.graph_objects as go

        traces = []
        found = ((boot.id, _span(boot, model)) for boot in model.boots if (boot.server, None) in self._lanes)
        spans = {name: span for name, span in found if span is not None}
        for state, colour in STATE_COLOURS.items():
            own = [(boot, spans[boot.id]) for boot in model.boots if boot.end_state == state and boot.id in spans]
            if not own:
                continue
            name = text("report.chart.boot", state=text(f"end-state.{state}")).within(self._lang)
            period = text("report.chart.from-to", start="%{customdata[1]}", end="%{customdata[2]}").within(self._lang)
            traces.append(
                go.Bar(
                    name=name,
                    orientation="h",
                    base=[_naive(start) for _, (start, _) in own],
                    x=[max((end - start).total_seconds() * 1000, 1) for _, (start, end) in own],
                    y=[self._lanes.of(boot.server) for boot, _ in own],
                    width=[0.34] * len(own),
                    marker={
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
                    customdata=[
                        [
                            self._safe(boot.id),
                            _shown(boot.start) if boot.start else "…",
                            _shown(boot.end) if boot.end else "…",
                        ]
                        for boot, _ in own
                    ],
                    hovertemplate=f"<b>%{{customdata[0]}}</b><br>{html.escape(name)}<br>{period}<extra></extra>",
                    meta={"role": "boot", "state": state},
                )
            )
        return traces

    def shutdowns(self, shutdowns: Sequence[Shutdown]) -> list[Any]:
        import plotly.graph_objects as go

        traces = []
        for trigger, (colour, symbol) in _TRIGGER_MARKS.items():
            own = [s for s in shutdowns if s.trigger == trigger and (s.server, None) in self._lanes]
            if not own:
                continue
            name = text("report.chart.shutdown", trigger=text(f"trigger.{trigger}")).within(self._lang)
            traces.append(
                go.Scatter(
                    name=name,
                    mode="markers",
                    x=[_naive(s.case_time) for s in own],
                    y=[self._lanes.of(s.server) for s in own],
                    marker={
                        "symbol": symbol,
                        "size": 15,
                        "color": colour,
                        "line": {"width": 1.5, "color": "#ffffff"},
                    },
                    customdata=[[self._safe(s.server), _shown(s.time), *_line_of(s, self._show)] for s in own],
                    hovertemplate=(
                        f"<b>{html.escape(name)}</b><br>%{{customdata[0]}}, %{{customdata[1]}}"
                        "<br>%{customdata[3]}<br>%{customdata[2]}<extra></extra>"
                    ),
                    meta={"role": "shutdown"},
                )
            )
        return traces

    def events(self, frame: pd.DataFrame) -> list[Any]:
        import plotly.graph_objects as go

        traces = []
        for layer in _LAYERS:
            own = frame[(frame["layer"] == layer) & frame["server"].map(lambda s: (s, None) in self._lanes)]
            if own.empty:
                continue
            name = text("report.chart.events", layer=text(f"layer.{layer}")).within(self._lang)
            columns = ["server", "local_time", "kind", "message", "input", "line"]
            rows = [cast("tuple[str, str, str, str, str, int]", tuple(row)) for row in own[columns].to_numpy().tolist()]
            traces.append(
                go.Scatter(
                    name=name,
                    mode="markers",
                    x=[time[:23] for _, time, *_ in rows],
                    y=[self._lanes.of(server, layer) for server, *_ in rows],
                    marker={
                        "symbol": "line-ns-open",
                        "size": 11,
                        "color": _LAYER_COLOURS[layer],
                        "line": {"width": 1.6},
                    },
                    customdata=[
                        [
                            self._safe(server),
                            time[:19].replace("T", " "),
                            f"{self._safe(_file_name(path))}:{line}",
                            self._wrapped(message),
                            self._safe(kind),
                        ]
                        for server, time, kind, message, path, line in rows
                    ],
                    hovertemplate=(
                        "<b>%{customdata[4]}</b>  %{customdata[1]}  %{customdata[0]}"
                        "<br>%{customdata[3]}<br>%{customdata[2]}<extra></extra>"
                    ),
                    meta={"role": "event", "layer": layer},
                )
            )
        return traces

    def _safe(self, value: str) -> str:
        return html.escape(self._show(value), quote=False)

    def _wrapped(self, value: str) -> str:
        return wrapped(self._show(value))


def wrapped(shown: str) -> str:
    """Shortened, broken into lines and escaped for Plotly's hover boxes, which neither wrap nor scroll."""
    if len(shown) > _TEXT_LIMIT:
        shown = shown[:_TEXT_LIMIT] + "…"
    return "<br>".join(html.escape(shown[i : i + _WRAP], quote=False) for i in range(0, len(shown), _WRAP))


def _line_of(shutdown: Shutdown, show: Callable[[str], str]) -> tuple[str, str]:
    """(`file:line`, text) of the line that decided."""
    if not shutdown.evidence:
        return "", ""
    first = shutdown.evidence[0]
    where = html.escape(show(_file_name(first.input)), quote=False)
    where += f":{first.line}" if first.line is not None else ""
    return where, wrapped(show(first.text))


def _file_name(path: str) -> str:
    """The path inside the innermost archive."""
    return path.rsplit("!", 1)[-1]


def _span(boot: Boot, model: CaseModel) -> tuple[datetime, datetime] | None:
    """Where its bar begins and ends; without a start or end it reaches to the edge of the logs."""
    own = [item for item in model.inputs if boot.server in item.server.split(", ")] or model.inputs
    firsts = [item.first for item in own if item.first is not None]
    lasts = [item.last for item in own if item.last is not None]
    started, ended = boot.corrected_start or boot.start, boot.corrected_end or boot.end
    start = started or (min(firsts) if firsts else ended)
    end = ended or (max(lasts) if lasts else started)
    if start is None or end is None:
        return None
    return (start, end) if start <= end else (end, end)


def _naive(moment: datetime) -> str:
    """Local time without its zone: Plotly would show any other in UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
