"use strict";
// Language switch, chart, and the few links between them. Reads #data; writes text only through textContent.
(function () {
  const page = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const selected = document.getElementById("selected");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const MARGIN = 600000; // shown before and after a shutdown, in milliseconds
  const PRINT_WIDTH = 690;
  let range = null;
  let printing = false;
  let hidden = {};

  // --- language

  function setLanguage(language) {
    page.lang = language;
    document.title = data.titles[language];
    for (const button of document.querySelectorAll("button[data-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === language));
    }
    draw();
  }

  for (const button of document.querySelectorAll("button[data-lang]")) {
    button.addEventListener("click", () => setLanguage(button.dataset.lang));
  }

  // --- chart

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

  function figure() {
    const theme = colours();
    const override = data.overrides[page.lang];
    const traces = data.figure.data.map((trace, i) => {
      const drawn = { ...trace, ...override.data[i] };
      const marker = { ...drawn.marker };
      if (theme.lift && drawn.meta.role !== "boot") marker.color = lifted(marker.color);
      if (drawn.meta.role === "shutdown") marker.line = { ...marker.line, color: theme.edge };
      drawn.marker = marker;
      if (hidden[i]) drawn.visible = "legendonly";
      return drawn;
    });
    const layout = { ...data.figure.layout, ...override.layout };
    const width = printing ? PRINT_WIDTH : chart.clientWidth;
    const narrow = width < 560;
    layout.width = width;
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { ...layout.font, color: theme.text, size: narrow ? 11 : 12 };
    layout.margin = { ...layout.margin, l: narrow ? 92 : layout.margin.l, r: narrow ? 8 : 16 };
    layout.xaxis = { ...layout.xaxis, gridcolor: theme.grid, linecolor: theme.grid, nticks: Math.max(3, Math.round(width / 130)) };
    if (range) layout.xaxis.range = range.slice();
    layout.yaxis = { ...layout.yaxis, showgrid: false };
    layout.hoverlabel = { ...layout.hoverlabel, bgcolor: dark.matches ? "#22272e" : "#ffffff", bordercolor: theme.grid,
      font: { ...layout.hoverlabel.font, color: theme.text } };
    // The legend goes below; how many rows it takes depends on the width.
    const rows = Math.ceil(traces.length / Math.max(1, Math.floor((width - layout.margin.l) / 190)));
    const plot = layout.height - 110;
    const below = 56 + rows * 20;
    layout.height = plot + below + 8;
    layout.margin.b = below;
    layout.legend = { ...layout.legend, y: -52 / plot, x: narrow ? -layout.margin.l / (width - layout.margin.l) : 0 };
    return { traces, layout };
  }

  function draw() {
    const { traces, layout } = figure();
    const config = {
      displaylogo: false,
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
    });
    chart.on("plotly_restyle", () => {
      hidden = {};
      chart.data.forEach((trace, i) => { if (trace.visible === "legendonly") hidden[i] = true; });
    });
  }

  // Plotly's texts carry entities and <br>; here they become plain text again.
  function plain(value) {
    return String(value).replace(/<br>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  }

  function show(point) {
    const role = point.data.meta.role;
    const own = point.customdata;
    if (!own || role === "boot") return;
    selected.hidden = false;
    selected.querySelector(".where").textContent = plain(own[2]);
    selected.querySelector("time").textContent = own[1];
    selected.querySelector(".what").textContent = role === "event" ? `${plain(own[0])}, ${plain(own[4])}` : plain(own[0]);
    selected.querySelector("code").textContent = plain(own[3]);
  }

  // Local times without a zone, as on the axis: counted as if they were UTC, so that the browser's zone plays no part.
  function zoom(first, last) {
    const at = (moment) => new Date(`${moment.slice(0, 23)}Z`).getTime();
    const text = (value) => new Date(value).toISOString().slice(0, 23);
    range = [text(at(first) - MARGIN), text(at(last) + MARGIN)];
    draw();
    document.getElementById("timeline").scrollIntoView();
  }

  document.getElementById("whole-time").addEventListener("click", () => { range = null; draw(); });
  for (const control of document.querySelectorAll("[data-zoom]")) {
    control.addEventListener("click", () => zoom(control.dataset.zoom, control.dataset.until || control.dataset.zoom));
  }

  // --- page

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
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
  drawnWidth = chart.clientWidth;
  draw();
  openTarget();
})();
