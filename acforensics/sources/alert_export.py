"""The alert log as Cluster WebUI exports it: a table in CSV, its columns in any order and either language.

No public example exists (clusterpro-formats, 2.2): columns are known by their headings, dates by their form. What a
form leaves open is not guessed: such rows are counted and said.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from itertools import accumulate, pairwise
from typing import NamedTuple

from acforensics.bundle import Member
from acforensics.events import Stamp
from acforensics.lines import Record, decode_line, mask_secrets
from acforensics.lines.clusterpro import alert_record, written_as_iso
from acforensics.parsing.recognition import Recogniser
from acforensics.sources.collecting import Collector
from acforensics.sources.reading import Reading
from acforensics.sources.sequential import LONGEST_LINE, Copies, count_unframed, name_encodings, note_long_lines
from acforensics.sources.written_dates import DayOrder, day_order, read_date
from acforensics.texts import text

FORMAT = "Cluster WebUI alert log (CSV)"
MOST_BYTES = 64 << 20
MOST_ROWS = 200_000
"""The product keeps 10,000 alerts by default."""
_MOST_LINES = 2 * MOST_ROWS
_HEADING_WITHIN = 10
_LONGEST_HEADING = 300
_MOST_LINES_OF_A_ROW = 20
_MOST_TORN = 1000
"""So many are no accident: then rows are not sought over several lines any more."""
_DELIMITERS = ",\t;"
_SEPARATORS = re.compile(r"[\s_./:()\[\]「」【】・-]+")
_COLUMNS = {
    heading: column
    for column, headings in {
        "received": "received receivedtime receiveddate receiveddateandtime receivedat receivetime receptiontime "
        "timereceived datereceived 受信時刻 受信日時 受信時間 受信",
        "time": "time eventtime datetime dateandtime eventdate occurred occurredtime occurredat occurrencetime "
        "timeofoccurrence timestamp generatedtime 発生時刻 発生日時 発生時間 時刻 日時",
        "date": "date 日付 発生日",
        "host": "server servername host hostname サーバ サーバー サーバ名 サーバー名 ホスト ホスト名",
        "module": "module modulename moduletype モジュール モジュール名 モジュールタイプ モジュール種別",
        "event": "eventid id event eventno eventnumber イベントid イベント イベント番号",
        "level": "type level severity alertlevel alerttype kind icon 種別 タイプ レベル 種類 アイコン 重要度",
        "message": "message messages description メッセージ 内容 説明",
    }.items()
    for heading in headings.split()
}


class _Table(NamedTuple):
    """Where the heading stands (0-based line), how cells are divided, and which column is what."""

    line: int
    delimiter: str
    columns: dict[str, int]
    width: int


class _Row(NamedTuple):
    line: int
    cells: dict[str, str]
    raw: str


def is_heading(line: str) -> bool:
    """Whether a line names columns of the alert log, divided by blanks."""
    line = line[:_LONGEST_HEADING].strip()
    words = {_column(word) for word in re.split(r"[ \t]{2,}|\t|,", line)}
    words |= {_column(word) for word in line.split()}
    return len(words - {None}) >= 4


class AlertExport:
    """Reads one exported table; its rows are handed over oldest first, as every log is."""

    @staticmethod
    def fits(member: Member, head: bytes) -> bool:
        """By the heading."""
        return _find_table([decode_line(line)[0] for line in head.split(b"\n")[:_HEADING_WITHIN]]) is not None

    def __init__(self, reading: Reading, recogniser: Recogniser) -> None:
        self._reading = reading
        self._collector = Collector(reading, recogniser)
        self._content = bytearray()
        self._encodings: set[str] = set()
        self._lines_cut = 0

    def feed(self, block: bytes) -> None:
        """Keep the next block: an export is small, and its newest row may be its first."""
        room = MOST_BYTES - len(self._content)
        self._content += block[:room]
        self._lines_cut += block.count(b"\n", max(0, room))

    def close(self) -> None:
        """Read the table."""
        reading = self._reading
        reading.source, reading.format = "alert-log", FORMAT
        ended = self._content.endswith(b"\n") or not self._content
        reading.lines = self._content.count(b"\n") + (not ended) + self._lines_cut
        lines = bytes(self._content).split(b"\n", _MOST_LINES)[:_MOST_LINES]
        table = _find_table([self._decoded(line) for line in lines[:_HEADING_WITHIN]])
        if table is not None:
            rows = self._rows(lines, table)
            if len(self._content) >= MOST_BYTES or len(rows) >= MOST_ROWS or len(lines) >= _MOST_LINES:
                reading.lose(text("input.export-too-large", count=len(rows)))
            self._take(rows)
        long = [number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE]
        note_long_lines(reading, long, records=bool(reading.records))
        self._collector.close()
        reading.encoding = name_encodings(self._encodings)

    def _decoded(self, raw: bytes) -> str:
        decoded, encoding = decode_line(raw[:LONGEST_LINE].replace(b"\0", b"").rstrip(b"\r"))
        self._encodings.add(encoding)
        return decoded

    def _rows(self, lines: list[bytes], table: _Table) -> list[_Row]:
        rows: list[_Row] = []
        i = 0
        while i < len(lines) and len(rows) < MOST_ROWS:
            decoded = self._decoded(lines[i])
            first, i = i, i + 1
            cells = _cells(decoded, table)
            if cells is None and (not decoded.strip() or first < table.line or is_heading(decoded)):
                # Above a heading stands a title; where a file was put together from pieces, rows stand there, too.
                continue
            if cells is None and decoded.count('"') % 2 and self._reading.unframed < _MOST_TORN:
                # A quoted text may go on in the next lines; a row that is whole by itself never belongs to it.
                decoded, cells, i = self._continued(decoded, lines, i, table)
            if cells is None:
                count_unframed(self._reading, mask_secrets(decoded), first + 1)
            else:
                rows.append(_Row(first + 1, cells, mask_secrets(decoded)))
        return rows

    def _continued(
        self, begun: str, lines: list[bytes], following: int, table: _Table
    ) -> tuple[str, dict[str, str] | None, int]:
        joined = begun
        for i in range(following, min(following + _MOST_LINES_OF_A_ROW, len(lines))):
            more = self._decoded(lines[i])
            if _cells(more, table) is not None:
                break
            joined += "\n" + more
            cells = _cells(joined, table)
            if cells is not None:
                return joined, cells, i + 1
        return begun, None, following

    def _take(self, rows: list[_Row]) -> None:
        reading = self._reading
        order = day_order(row.cells.get(name, "") for row in rows for name in ("time", "received", "date"))
        copies = Copies()
        dated: list[tuple[_Row, Record]] = []
        ambiguous = 0
        for row in rows:
            record = _record(row.cells, order)
            if record is None:
                ambiguous += order is None and _record(row.cells, "month-first") is not None
                count_unframed(reading, row.raw, row.line)
            elif not copies.is_copy(record, row.raw, row.line):
                dated.append((row, record))
        if ambiguous:
            reading.notes.append(text("input.export-ambiguous-dates", count=ambiguous))
        copies.note(reading)
        steps = [(later > earlier) - (later < earlier) for earlier, later in pairwise(_listed(r) for _, r in dated)]
        if sum(steps) < 0:
            dated.reverse()
        if _is_sorted_otherwise([_listed(record) for _, record in dated]):
            dated.sort(key=lambda row: _listed(row[1]))
            reading.notes.append(text("damage.rows-sorted"))
        for place, (row, record) in enumerate(dated):
            self._collector.take(record, row.line, row.raw, place)


def _record(cells: dict[str, str], order: DayOrder | None) -> Record | None:
    """The record of a row; `None` where nothing tells when it happened."""
    found = _times(cells, order)
    if found is None:
        return None
    message = mask_secrets(cells.get("message", ""))
    record = alert_record(
        found[0], cells.get("host", ""), cells["module"], cells["event"], cells.get("level", ""), message
    )
    return record._replace(given=found[1])


def _listed(record: Record) -> str:
    """The time by which an alert log lists its records: when it was received, where that is known."""
    return record.given.get("received") or written_as_iso(record.stamp)


def _times(cells: dict[str, str], order: DayOrder | None) -> tuple[Stamp, dict[str, str]] | None:
    """When it happened, and what is known of when it was received."""
    received = read_date(cells.get("received", ""), order)
    given = {"received": written_as_iso(received)} if received is not None else {}
    happened = read_date(cells.get("time", ""), order)
    if happened is None and cells.get("date"):
        happened = read_date(f"{cells['date']} {cells.get('time', '')}".strip(), order)
    if happened is not None:
        return happened, given
    if received is None or cells.get("time"):
        return None
    return received, {**given, "time_inferred": "received"}


def _is_sorted_otherwise(times: list[str]) -> bool:
    """Whether rows are in order of another column: then they tell no more than their stamps.

    A clock that was set makes rows stand amiss as well, but not time and again, or by years where it begins anew.
    """
    newest = list(accumulate(times, max))
    late = sum(time < until for time, until in zip(times, newest, strict=True))
    falls = sum(later < earlier for earlier, later in pairwise(times))
    years = {int(time[:4]) for time in times}
    return late * 3 > len(times) and falls > 1 and max(years) - min(years) <= 1


def _find_table(lines: list[str]) -> _Table | None:
    best: _Table | None = None
    for number, line in enumerate(lines):
        for delimiter in _DELIMITERS:
            cells = _split(line.replace("\0", "").rstrip("\r"), delimiter) or []
            columns: dict[str, int] = {}
            for place, cell in enumerate(cells):
                column = _column(cell)
                if column is not None:
                    columns.setdefault(column, place)
            told = {"module", "event"} <= columns.keys() and columns.keys() & {"time", "received", "date"}
            if told and (best is None or len(columns) > len(best.columns)):
                best = _Table(number, delimiter, columns, len(cells))
    return best


def _column(heading: str) -> str | None:
    plain = unicodedata.normalize("NFKC", heading.lstrip("\ufeff")).casefold().strip(" \t\"'")
    return _COLUMNS.get(_SEPARATORS.sub("", plain))


def _split(row: str, delimiter: str) -> list[str] | None:
    try:
        found = list(csv.reader(row.lstrip("\ufeff").splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _cells(row: str, table: _Table) -> dict[str, str] | None:
    """The known cells of a whole row; `None` where it is torn or no row of this table."""
    cells = _split(row, table.delimiter)
    if cells is None or len(cells) < table.width:
        return None
    columns = table.columns
    found = {name: cells[place].strip() for name, place in columns.items()}
    if columns.get("message") == table.width - 1:
        # A text without quotes may hold the delimiter.
        found["message"] = table.delimiter.join(cells[table.width - 1 :]).strip()
    elif len(cells) > table.width and any(cells[table.width :]):
        return None
    if not re.fullmatch(r"[0-9]{1,6}", found["event"]) or not re.fullmatch(r"\w{1,64}", found["module"]):
        return None
    return found
