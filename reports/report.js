"use strict";
// Language switch, chart with its filters, search in the table of events, and the few links between them.
// Reads #data and the table; writes text only through textContent.
(function () {
  const page = document.documentElement;
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const chart = at("chart");
  const selected = at("selected");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const MARGIN = 600000; // shown before and after a shutdown, in milliseconds
  const PRINT_WIDTH = 680;
  const NEAR = 4; // marks so many pixels apart are shown by one click
  const MOST_LINES = 8;
  const GRADES = ["info", "warning", "critical"];
  let range = null;
  let printing = false;
  let hidden = {};

  // --- language

  const said = bilingual(data, () => {
    draw();
    search();
  });

  // --- events: the rows of the table, which the chart's marks name by their numbers

  const folded = (value) => value.normalize("NFKC").toLowerCase();
  const rows = [...document.querySelectorAll("#rows tbody tr")].map((row) => {
    const [time, server, kind, text, where, cited] = [...row.cells];
    return {
      row,
      time: time.firstChild.textContent.trim(),
      server: server.textContent,
      kind: kind.textContent,
      text: text.textContent,
      where: where.textContent,
      cited,
      layer: row.dataset.layer,
      grade: GRADES.indexOf(row.dataset.severity),
      words: null,
    };
  });

  function search() {
    if (!rows.length) return;
    const wanted = folded(at("rows-search").value).split(/\s+/).filter(Boolean);
    const server = at("rows-server").value;
    const layer = at("rows-layer").value;
    let shown = 0;
    for (const one of rows) {
      one.words ??= folded([one.time, one.server, one.kind, one.text, one.where, one.cited.textContent].join(" "));
      const fits = (!server || one.server === server) && (!layer || one.layer === layer)
        && wanted.every((word) => one.words.includes(word));
      if (one.row.hidden === fits) one.row.hidden = !fits;
      shown += fits;
    }
    at("rows-shown").textContent = said("rows-shown", { shown, total: rows.length });
  }

  if (rows.length) {
    let typing = 0;
    at("rows-search").addEventListener("input", () => {
      window.clearTimeout(typing);
      typing = window.setTimeout(search, 120);
    });
    for (const id of ["rows-server", "rows-layer"]) at(id).addEventListener("change", search);
  }

  // --- chart: what its filters leave

  const number = (moment) => Date.parse(`${String(moment).slice(0, 23).replace(" ", "T")}Z`);
  const local = (value) => new Date(value).toISOString().slice(0, 23);
  const lanes = data.figure.layout.meta.lanes.map(([server, layer], i) => {
    return { server, layer, y: data.figure.layout.yaxis.tickvals[i] };
  });
  const laneAt = new Map(lanes.map((lane) => [lane.y, lane]));
  const PER_POINT = ["x", "y", "ids", "base", "customdata"];

  function checked(name) {
    const boxes = [...document.querySelectorAll(`#chart-filters input[name=${name}]`)];
    return boxes.length ? new Set(boxes.filter((box) => box.checked).map((box) => box.value)) : null;
  }

  function filters() {
    if (printing) return { servers: null, layers: null, trigger: "", grade: -1 };
    return {
      servers: checked("server"),
      layers: checked("layer"),
      trigger: at("by-trigger").value,
      grade: GRADES.indexOf(at("by-severity").value),
    };
  }

  function laneFits(lane, wanted) {
    return (!wanted.servers || wanted.servers.has(lane.server))
      && (lane.layer === null || !wanted.layers || wanted.layers.has(lane.layer));
  }

  function gradeOf(trace, i) {
    if (trace.meta.role === "event") return rows[trace.ids[i]].grade;
    return GRADES.indexOf(data.ends[trace.ids[i]][1]);
  }

  // The places of the points that stay.
  function left(trace, wanted) {
    const role = trace.meta.role;
    if (role === "shutdown" && wanted.trigger && wanted.trigger !== trace.meta.trigger) return [];
    return [...trace.y.keys()].filter((i) => laneFits(laneAt.get(trace.y[i]), wanted)
      && (role === "boot" || wanted.grade < 0 || gradeOf(trace, i) >= wanted.grade));
  }

  // Lanes that stay move together; each keeps its distance from the one above.
  function moved(wanted) {
    const places = new Map();
    let y = 0;
    lanes.forEach((lane, i) => {
      if (!laneFits(lane, wanted)) return;
      if (places.size) y -= lanes[i - 1].y - lane.y;
      places.set(lane.y, y);
    });
    return places;
  }

  // --- chart: drawing

  function colours() {
    return dark.matches && !printing
      ? { text: "#c9d1d9", grid: "#30363d", edge: "#14181d", lift: true }
      : { text: "#2b313a", grid: "#e3e6ea", edge: "#ffffff", lift: false };
  }

  // A colour of the figure, made lighter on a dark page.
  function lifted(colour) {
    const value = parseInt(colour.slice(1), 16);
    const part = (shift) => Math.round(((value >> shift) & 255) * 0.6 + 255 * 0.4);
    return `rgb(${part(16)}, ${part(8)}, ${part(0)})`;
  }

  // Plotly reads a small HTML of its own, and its hover boxes neither wrap nor scroll.
  function harmless(value) {
    let letters = Array.from(value);
    if (letters.length > 180) letters = [...letters.slice(0, 180), "…"];
    const lines = [];
    for (let i = 0; i < letters.length; i += 80) lines.push(letters.slice(i, i + 80).join(""));
    return lines.map((line) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")).join("<br>");
  }

  function described(trace, i) {
    if (trace.meta.role !== "event") return trace.customdata[i];
    const one = rows[trace.ids[i]];
    return [one.server, one.time, one.where, one.text, one.kind];
  }

  function figure() {
    const theme = colours();
    const wanted = filters();
    const places = moved(wanted);
    const override = data.overrides[page.lang];
    const traces = data.figure.data.map((trace, i) => {
      const drawn = { ...trace, ...override.data[i] };
      const kept = left(trace, wanted);
      for (const key of PER_POINT) if (drawn[key]) drawn[key] = kept.map((k) => trace[key][k]);
      drawn.y = drawn.y.map((y) => places.get(y));
      drawn.customdata = kept.map((k) => described(trace, k).map(harmless));
      const marker = { ...drawn.marker };
      if (theme.lift && drawn.meta.role !== "boot") marker.color = lifted(marker.color);
      if (drawn.meta.role !== "event") marker.line = { ...marker.line, color: theme.edge };
      drawn.marker = marker;
      if (hidden[i]) drawn.visible = "legendonly";
      if (!kept.length) drawn.visible = false;
      return drawn;
    });
    const layout = { ...data.figure.layout, ...override.layout };
    const width = printing ? PRINT_WIDTH : chart.clientWidth;
    const narrow = width < 560;
    const height = Math.max(1, 0.9 - Math.min(0, ...places.values()));
    layout.width = width;
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { ...layout.font, color: theme.text, size: narrow ? 11 : 12 };
    layout.margin = { ...layout.margin, l: narrow ? 92 : layout.margin.l, r: narrow ? 8 : 16 };
    layout.xaxis = { ...layout.xaxis, gridcolor: theme.grid, linecolor: theme.grid, nticks: Math.max(3, Math.round(width / 130)) };
    if (range && !printing) layout.xaxis.range = range.slice();
    const ticks = lanes.map((lane, i) => [places.get(lane.y), layout.yaxis.ticktext[i]]).filter(([y]) => y !== undefined);
    layout.yaxis = { ...layout.yaxis, showgrid: false, range: [0.35 - height, 0.65], tickvals: ticks.map(([y]) => y), ticktext: ticks.map(([, name]) => name) };
    layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: theme.text, activecolor: theme.text };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: dark.matches ? "#22272e" : "#ffffff", bordercolor: theme.grid,
      font: { ...layout.hoverlabel.font, color: theme.text } };
    // The legend goes below; how many rows it takes depends on the width.
    const entries = traces.filter((trace) => trace.visible !== false).length;
    const lines = Math.ceil(entries / Math.max(1, Math.floor((width - layout.margin.l) / 190)));
    const plot = Math.max(150, Math.round(46 * height));
    const below = 64 + lines * 20;
    layout.height = plot + below + layout.margin.t;
    layout.margin.b = below;
    layout.legend = { ...layout.legend, y: -60 / plot, x: narrow ? -layout.margin.l / (width - layout.margin.l) : 0 };
    return { traces, layout };
  }

  function draw() {
    if (!window.Plotly) {
      chart.textContent = said("chart-missing", {});
      return;
    }
    const { traces, layout } = figure();
    const config = {
      displaylogo: false,
      // Nothing of a case goes to Plotly's own site.
      showSendToCloud: false,
      plotlyServerURL: "",
      responsive: false,
      modeBarButtonsToRemove: ["select2d", "lasso2d"],
      locale: page.lang,
      locales: { ja: { dictionary: data.buttons.ja, format: {} }, en: { dictionary: {}, format: {} } },
    };
    const listening = Boolean(chart.on);
    window.Plotly.newPlot(chart, traces, layout, config);
    if (listening && chart.removeAllListeners) chart.removeAllListeners();
    chart.on("plotly_click", (event) => show(event.points[0]));
    chart.on("plotly_relayout", () => {
      const axis = chart.layout.xaxis;
      range = axis.autorange ? null : axis.range.slice();
      told();
    });
    chart.on("plotly_restyle", () => {
      chart.data.forEach((trace, i) => { if (trace.visible !== false) hidden[i] = trace.visible === "legendonly"; });
      told();
    });
    told();
  }

  // How many marks are left, and the fields of the time.
  function told() {
    if (printing) return;
    const [first, last] = chart.layout.xaxis.range.map(number);
    let shown = 0;
    let total = 0;
    chart.data.forEach((trace, i) => {
      if (trace.meta.role === "boot") return;
      total += data.figure.data[i].x.length;
      if (trace.visible !== undefined && trace.visible !== true) return;
      for (const x of trace.x) {
        const moment = number(x);
        shown += moment >= first && moment <= last;
      }
    });
    at("marks-shown").textContent = said("marks-shown", { shown, total });
    at("range-from").value = local(first).slice(0, 19);
    at("range-until").value = local(last).slice(0, 19);
  }

  at("chart-filters").addEventListener("change", (event) => {
    if (!event.target.matches("input[type=datetime-local]")) draw();
  });
  for (const id of ["range-from", "range-until"]) {
    at(id).addEventListener("change", () => {
      const [from, until] = chart.layout.xaxis.range.map(number);
      const first = at("range-from").value ? number(at("range-from").value) : from;
      const last = at("range-until").value ? number(at("range-until").value) : until;
      if (!(first < last)) return;
      range = [local(first), local(last)];
      draw();
    });
  }

  // --- chart: a click shows the lines of the marks at that place

  function show(point) {
    const trace = point.data;
    const role = trace.meta.role;
    if (role === "boot") return;
    const [from, until] = chart.layout.xaxis.range.map(number);
    const near = ((until - from) / (chart.layout.width - chart.layout.margin.l - chart.layout.margin.r)) * NEAR;
    const here = point.pointNumber;
    const moment = number(trace.x[here]);
    const beside = [...trace.x.keys()].filter((i) => i !== here && trace.y[i] === trace.y[here]
      && Math.abs(number(trace.x[i]) - moment) <= near);
    const lines = [here, ...beside].slice(0, MOST_LINES).sort((a, b) => a - b);
    selected.querySelector("ol").replaceChildren(...lines.map((i) => {
      return role === "event" ? eventLine(trace.ids[i]) : endLine(trace, i);
    }));
    const more = beside.length + 1 - lines.length;
    selected.querySelector(".aside").textContent = more ? said("marks-beside", { count: more }) : "";
    selected.hidden = false;
  }

  function line(what, time, where, text) {
    const item = at("selected-line").content.cloneNode(true);
    item.querySelector(".what").textContent = what;
    item.querySelector("time").textContent = time;
    item.querySelector(".where").textContent = where;
    if (text) item.querySelector("code").textContent = text;
    else item.querySelector("code").remove();
    return item;
  }

  function link(item, name, target) {
    const found = item.querySelector(name);
    if (target) found.href = `#${target}`;
    else found.remove();
  }

  function eventLine(place) {
    const one = rows[place];
    const item = line(`${one.server}, ${one.kind}`, one.time, one.where, one.text);
    item.querySelector(".cited").append(...[...one.cited.childNodes].map((node) => node.cloneNode(true)));
    link(item, ".to-reasons", null);
    link(item, ".to-row", one.row.id);
    return item;
  }

  function endLine(trace, i) {
    const own = data.figure.data.find((one) => one.meta.trigger === trace.meta.trigger);
    const [server, time, where, text] = own.customdata[own.ids.indexOf(trace.ids[i])];
    const item = line(`${server}, ${trace.name}`, time, where, text);
    link(item, ".to-reasons", data.ends[trace.ids[i]][0]);
    link(item, ".to-row", null);
    return item;
  }

  // Local times without a zone, as on the axis: counted as if they were UTC, so that the browser's zone plays no part.
  function zoom(first, last) {
    range = [local(number(first) - MARGIN), local(number(last) + MARGIN)];
    draw();
    at("timeline").scrollIntoView();
  }

  at("whole-time").addEventListener("click", () => { range = null; draw(); });
  for (const control of document.querySelectorAll("[data-zoom]")) {
    control.addEventListener("click", () => zoom(control.dataset.zoom, control.dataset.until || control.dataset.zoom));
  }

  // --- page

  function openTarget() {
    const target = location.hash.length > 1 && at(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    if (target.hidden && target.tagName === "TR") {
      for (const id of ["rows-search", "rows-server", "rows-layer"]) at(id).value = "";
      search();
      target.scrollIntoView();
    }
  }

  let waiting = 0;
  let drawnWidth = 0;
  new ResizeObserver(() => {
    if (printing || chart.clientWidth === drawnWidth) return;
    drawnWidth = chart.clientWidth;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(draw, 80);
  }).observe(chart.parentElement);

  let closed = [];
  window.addEventListener("beforeprint", () => {
    printing = true;
    closed = [...document.querySelectorAll("details:not([open]):not(.screen-only):not(.folded)")];
    for (const details of closed) details.open = true;
    draw();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    for (const details of closed) details.open = false;
    draw();
  });
  dark.addEventListener("change", draw);
  window.addEventListener("hashchange", openTarget);
  page.classList.add("scripts");
  drawnWidth = chart.clientWidth;
  draw();
  search();
  openTarget();
})();
