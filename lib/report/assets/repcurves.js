// Curves of all repetitions over one another: joint angles against percent, and the bar's path.
"use strict";

/** Numbers of the reps in their colours; a press goes to the rep. */
function repLegend(parent, indices, seekRep) {
  const legend = add(parent, "p", null, "legend reps");
  add(legend, "span", "Rep", "soft");
  indices.forEach((index, i) => {
    const chip = addButton(legend, String(index), "chip", () => seekRep(index));
    markRep(chip, index, i, indices.length);
    chip.title = `Go to rep ${index}`;
  });
  return legend;
}

function anglesPanel(parent, data, seekRep) {
  const box = panel(parent, "Joint angles against percent of the repetition", data.why);
  if (!box) return;
  const legend = repLegend(box, data.indices, seekRep);
  addKey(legend, "mean", data.indices.length > 1 ? "mean, shaded \u00b1 SD" : "mean");
  const charts = add(box, "div", null, "tiles");
  for (const chart of data.charts) angleChart(add(charts, "div", null, "tile"), chart, data.indices);
}

function angleChart(parent, chart, indices) {
  add(parent, "h4", chart.name);
  sketch(parent, chart.name, (svg, width) => {
    const area = [40, width - 24], top = 8, bottom = 150;
    const values = chart.reps.flat().filter(value => value !== null);
    if (!values.length) { mark(svg, "text", { x: area[0], y: 20, class: "tick" }, "not measured"); return 30; }
    const spread = chart.mean.flatMap((mean, i) => mean === null || (chart.sd[i] ?? null) === null ? [] : [mean - chart.sd[i], mean + chart.sd[i]]);
    const all = values.concat(spread);
    const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
    const spare = Math.max((30 - (high - low)) / 2, 2);
    const y = scaleOf([low - spare, high + spare], [bottom, top]), x = scaleOf([0, 100], area);
    gridY(svg, y, ticksBetween(low - spare, high + spare, 4), area);
    gridX(svg, x, [0, 25, 50, 75, 100], [top, bottom], tick => tick + " %");
    const xs = chart.percent.map(x);
    const known = chart.mean.map((_, i) => i).filter(i => chart.mean[i] !== null && (chart.sd[i] ?? null) !== null);
    if (known.length > 1) {
      const upper = known.map(i => `${xs[i].toFixed(1)} ${y(chart.mean[i] + chart.sd[i]).toFixed(1)}`);
      const lower = known.map(i => `${xs[i].toFixed(1)} ${y(chart.mean[i] - chart.sd[i]).toFixed(1)}`).reverse();
      mark(svg, "path", { d: `M${upper.concat(lower).join("L")}Z`, class: "sd" });
    }
    chart.reps.forEach((curve, i) => markRep(mark(svg, "path", {
      d: trail(xs, curve.map(value => value === null ? null : y(value))), class: "rep-line",
    }), indices[i], i, indices.length));
    mark(svg, "path", { d: trail(xs, chart.mean.map(value => value === null ? null : y(value))), class: "mean-line" });
    return bottom + 22;
  });
}

/** Equal scales; x = 0 is over data.zero, the middle of the foot or the shoulders. */
function pathPanel(parent, data, seekRep) {
  const box = panel(parent, "Bar path", data.why, data.note);
  if (!box) return;
  repLegend(box, data.reps.map(rep => rep.index), seekRep);
  sketch(box, "Path of the bar seen from the side", (svg, width) => {
    const known = list => list.filter(value => value !== null);
    const across = known(data.reps.flatMap(rep => rep.forward)), up = known(data.reps.flatMap(rep => rep.up));
    const least = across.reduce((a, b) => Math.min(a, b), -10), most = across.reduce((a, b) => Math.max(a, b), 10);
    const low = up.reduce((a, b) => Math.min(a, b)), high = up.reduce((a, b) => Math.max(a, b));
    const top = 10, bottom = 330, left = 44, right = width - 10;
    const perUnit = Math.min((bottom - top) / Math.max(high - low, 20), (right - left) / (most - least + 6));
    const middle = (left + right) / 2 - (least + most) / 2 * perUnit;
    const x = value => middle + value * perUnit, y = value => bottom - (value - low) * perUnit;
    const seen = [(left - middle) / perUnit, (right - middle) / perUnit];
    gridY(svg, y, ticksBetween(low, low + (bottom - top) / perUnit, 6), [left, right]);
    gridX(svg, x, ticksBetween(...seen, width / 70), [top, bottom], tick => Math.abs(tick) < 1e-6 ? data.zero : tidy(tick));
    mark(svg, "line", { x1: x(0), x2: x(0), y1: top, y2: bottom, class: "limit" });
    data.reps.forEach((rep, i) => {
      const xs = rep.forward.map(value => value === null ? null : x(value)), ys = rep.up.map(value => value === null ? null : y(value));
      markRep(mark(svg, "path", { d: trail(xs, ys), class: "rep-line" }), rep.index, i, data.reps.length);
      const start = ys.findIndex((value, k) => value !== null && xs[k] !== null);
      if (start >= 0) markRep(mark(svg, "circle", { cx: xs[start], cy: ys[start], r: 3.5, class: "rep-dot" }), rep.index, i, data.reps.length);
    });
    mark(svg, "text", { x: right, y: bottom + 30, class: "tick end" }, `${data.ahead}, ${data.unit} \u2192 (dot: start)`);
    mark(svg, "text", { x: 4, y: bottom + 30, class: "tick" }, `\u2191 up, ${data.unit}`);
    return bottom + 38;
  });
}
