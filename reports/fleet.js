"use strict";
// Language switch, filters and search of the list of cases, and the chart of ends by month.
(function () {
  const page = document.documentElement;
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const GRADES = ["none", "info", "warning", "critical"];
  page.classList.add("scripts");

  const said = bilingual(data, () => {
    search();
    draw();
  });

  // --- cases

  const folded = (value) => value.normalize("NFKC").toLowerCase();
  const rows = [...document.querySelectorAll("#case-rows tbody tr")].map((row) => ({
    row,
    words: null,
    grade: GRADES.indexOf(row.dataset.severity),
    rules: row.dataset.rules.split(" "),
  }));

  function search() {
    const wanted = folded(at("search").value).split(/\s+/).filter(Boolean);
    const least = GRADES.indexOf(at("least").value);
    const rule = at("rule").value;
    let shown = 0;
    for (const one of rows) {
      one.words ??= folded(one.row.textContent);
      const fits = one.grade >= least && (!rule || one.rules.includes(rule)) && wanted.every((word) => one.words.includes(word));
      one.row.hidden = !fits;
      if (fits) shown += 1;
    }
    at("shown").textContent = said("shown", { shown, count: rows.length });
  }

  let typing = 0;
  at("search").addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(search, 120);
  });
  for (const id of ["least", "rule"]) at(id).addEventListener("change", search);

  // --- chart

  function draw() {
    const chart = at("chart");
    if (!window.Plotly) {
      chart.textContent = said("chart-missing", {});
      return;
    }
    const style = window.getComputedStyle(document.body);
    const grid = dark.matches ? "#343b45" : "#d5d9df";
    const traces = data.trend.traces.map((trace) => ({
      type: "bar", x: data.trend.months, y: trace.counts, name: trace.names[page.lang], marker: { color: trace.colour },
      hovertemplate: "%{y} %{fullData.name}<extra></extra>",
    }));
    const narrow = chart.clientWidth < 600;
    const layout = {
      barmode: "stack", height: 340 + (narrow ? 120 : 0), width: chart.clientWidth, hovermode: "x unified",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: style.fontFamily, color: style.color, size: 12 },
      margin: { l: 44, r: 8, t: 8, b: 40 },
      xaxis: { type: "category", gridcolor: grid, linecolor: grid },
      yaxis: { gridcolor: grid, rangemode: "tozero", title: { text: said("ends", {}) } },
      legend: { orientation: "h", y: -0.2 },
      hoverlabel: { bgcolor: dark.matches ? "#22272e" : "#ffffff", font: { color: style.color } },
    };
    // Nothing of a case goes to Plotly's own site.
    window.Plotly.newPlot(chart, traces, layout, { displayModeBar: false, showSendToCloud: false, plotlyServerURL: "" });
  }

  dark.addEventListener("change", draw);
  let resizing = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(resizing);
    resizing = window.setTimeout(draw, 150);
  });
  search();
  draw();
})();
