// Velocity and tempo: a bar for each repetition.
"use strict";

/** Places of upright bars, one a rep, and which of them are numbered. */
function barPlaces(svg, reps, [left, right], bottom) {
  const slot = (right - left) / reps.length, every = Math.ceil(20 / slot);
  const places = reps.map((_, i) => ({ middle: left + (i + 0.5) * slot, width: Math.min(slot * 0.7, 46) }));
  reps.forEach((rep, i) => {
    if (i % every === 0) mark(svg, "text", { x: places[i].middle, y: bottom + 15, class: "tick middle" }, rep.index);
  });
  return places;
}

function velocityPanel(parent, data) {
  const box = panel(parent, "Velocity", data.why);
  if (!box) return;
  box.parentElement.insertBefore(add(box.parentElement, "p", `${data.name}, ${data.unit}, with one standard deviation. Hatched: not a full repetition.`
    + (data.least === null ? "" : ` Dashed: a single with all one can lift, ${data.least.toFixed(2)} \u00b1 ${data.leastSd.toFixed(2)} m/s.`), "note"), box);
  sketch(box, data.name, (svg, width) => {
    const area = [44, width - 8], top = 12, bottom = 170;
    const most = Math.max(...data.bars.map(bar => (bar.value ?? 0) + (bar.sigma ?? 0)), (data.least ?? 0) * 1.6, 1e-3);
    const y = scaleOf([0, most * 1.05], [bottom, top]), hatched = hatch(svg, "bar");
    gridY(svg, y, ticksBetween(0, most, 4), area);
    const places = barPlaces(svg, data.bars, area, bottom);
    data.bars.forEach((bar, i) => {
      const { middle, width: wide } = places[i];
      if (bar.value === null) { mark(svg, "text", { x: middle, y: bottom - 6, class: "tick middle" }, "\u2013"); return; }
      const rect = mark(svg, "rect", { x: middle - wide / 2, width: wide, y: y(Math.max(bar.value, 0)), height: bottom - y(Math.max(bar.value, 0)), class: "bar" });
      if (bar.quality !== "full") rect.setAttribute("fill", hatched);
      rect.classList.toggle("hatched", bar.quality !== "full");
      rect.dataset.rep = bar.index;
      mark(rect, "title", {}, `Rep ${bar.index}: ${bar.text} ${data.unit}`);
      if (bar.sigma) mark(svg, "line", { x1: middle, x2: middle, y1: y(bar.value + bar.sigma), y2: y(Math.max(bar.value - bar.sigma, 0)), class: "whisker" });
      if (wide > 26) mark(svg, "text", { x: middle, y: bottom - 6, class: bar.quality === "full" ? "in-bar middle" : "in-tempo on-pause middle" }, bar.value.toFixed(2));
    });
    if (data.least !== null) {
      const [low, high] = [data.least - data.leastSd, data.least + data.leastSd].map(y);
      mark(svg, "rect", { x: area[0], width: area[1] - area[0], y: high, height: low - high, class: "limit-band" });
      mark(svg, "line", { x1: area[0], x2: area[1], y1: y(data.least), y2: y(data.least), class: "limit" });
    }
    return bottom + 22;
  });
  lossChart(box, data);
}

function lossChart(box, data) {
  add(box, "h4", "Velocity lost since the fastest repetition so far, %");
  if (data.lossWhy) { add(box, "p", data.lossWhy, "note"); return; }
  if (data.total) add(box, "p", data.total, "note");
  sketch(box, "Velocity loss", (svg, width) => {
    const area = [44, width - 8], top = 8, bottom = 120, bands = data.bands;
    const known = data.loss.map(bar => bar.value).filter(value => value !== null);
    const most = Math.max(bands[bands.length - 1] + 5, ...known.map(value => value + 4));
    const y = scaleOf([Math.min(0, ...known), most], [bottom, top]);
    const edges = [0, ...bands, most];
    bands.forEach((_, i) => mark(svg, "rect", {
      x: area[0], width: area[1] - area[0], y: y(edges[i + 2]), height: y(edges[i + 1]) - y(edges[i + 2]), class: "loss-band", "fill-opacity": 0.09 * (i + 1),
    }));
    gridY(svg, y, [0, ...bands], area);
    const places = barPlaces(svg, data.loss, area, bottom);
    mark(svg, "path", { d: trail(places.map(place => place.middle), data.loss.map(bar => bar.value === null ? null : y(bar.value))), class: "loss-line" });
    data.loss.forEach((bar, i) => {
      if (bar.value === null) return;
      const dot = mark(svg, "circle", { cx: places[i].middle, cy: y(bar.value), r: 4, class: "loss-dot" });
      dot.dataset.rep = bar.index;
      mark(dot, "title", {}, `Rep ${bar.index}: ${bar.text} %`);
    });
    return bottom + 22;
  });
}

/** Place of the first unknown part (null) between known ones: when those after it began, nobody knows. */
function unknownBetween(parts) {
  const isKnown = part => part !== null;
  const place = parts.findIndex((part, k) => part === null && parts.slice(0, k).some(isKnown) && parts.slice(k).some(isKnown));
  return place < 0 ? parts.length : place;
}

function tempoPanel(parent, data) {
  const box = panel(parent, "Tempo", data.why);
  if (!box) return;
  const legend = add(box, "p", null, "legend");
  sketch(box, "Seconds of each part of each repetition", (svg, width) => {
    const area = [34, width - 12], row = data.reps.length > 12 ? 18 : 24;
    const longest = Math.max(...data.reps.map(rep => rep.parts.reduce((sum, part) => sum + (part ?? 0), 0)), 0.1);
    const bottom = 4 + row * data.reps.length, x = scaleOf([0, longest], area);
    const hatches = { "pause-low": hatch(svg, "pause-low"), "pause-high": hatch(svg, "pause-high", 4) };
    const fills = data.names.map(([className]) => hatches[className] ?? null);
    gridX(svg, x, ticksBetween(0, longest, width / 90), [0, bottom]);
    data.reps.forEach((rep, i) => {
      let from = 0;
      const y = 4 + i * row;
      mark(svg, "text", { x: area[0] - 8, y: y + row / 2 + 2, class: "tick end" }, rep.index);
      const unknown = unknownBetween(rep.parts);
      rep.parts.slice(0, unknown).forEach((part, k) => {
        if (!part) return;
        const rect = mark(svg, "rect", { x: x(from), width: Math.max(x(from + part) - x(from), 1), y, height: row - 5, class: "tempo " + data.names[k][0] });
        if (fills[k]) rect.setAttribute("fill", fills[k]);
        mark(rect, "title", {}, `Rep ${rep.index}, ${data.names[k][1]}: ${part.toFixed(2)} s`);
        if (x(from + part) - x(from) > 28) mark(svg, "text", { x: (x(from) + x(from + part)) / 2, y: y + row / 2 + 2, class: fills[k] ? "in-tempo on-pause middle" : "in-tempo middle" }, part.toFixed(1));
        from += part;
      });
      if (unknown < rep.parts.length) mark(svg, "text", { x: x(from) + 4, y: y + row / 2 + 2, class: "tick" }, "\u2026");
    });
    return bottom + 22;
  });
  for (const [className, text] of data.names) addKey(legend, className, text);
  add(legend, "span", "seconds", "soft");
}
