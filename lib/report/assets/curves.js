// Curves over time with repetition bands and a playhead: depth line, joint angles.
"use strict";

class Curves {
  /** charts: [{ name, lines: [{ label, colour, values }], depth }]; reps: [{ index, rows: [start, stop] }]. */
  constructor(parent, charts, times, reps, gaps, seek) {
    Object.assign(this, { times, reps, gaps, seek });
    this.plots = charts.map(chart => this.build(parent, chart));
    const resize = () => { for (const { plot, box } of this.plots) if (box.clientWidth) plot.setSize({ width: box.clientWidth, height: plot.height }); };
    new ResizeObserver(resize).observe(parent);
  }

  build(parent, chart) {
    const box = parent.appendChild(document.createElement("div"));
    box.className = "chart";
    const head = box.appendChild(document.createElement("h3"));
    add(head, "b", chart.name);
    const readings = chart.lines.map(line => {
      const reading = head.appendChild(document.createElement("span"));
      reading.className = `${line.colour} reading`;
      return reading;
    });
    const plot = new uPlot(this.options(chart, box), [this.times, ...chart.lines.map(line => line.values)], box);
    const playhead = plot.over.appendChild(document.createElement("div"));
    playhead.className = "playhead";
    this.listen(plot);
    return { plot, box, chart, readings, playhead };
  }

  options(chart, box) {
    const axis = { stroke: () => colourOf("soft"), grid: { stroke: () => colourOf("line"), width: 1 }, ticks: { show: false } };
    if (chart.depth) return depthOptions(chart.depth, box, axis, plot => this.drawBands(plot));
    return {
      width: box.clientWidth || UNSEEN_WIDTH, height: 150, legend: { show: false },
      cursor: { sync: { key: "curves" }, points: { show: false }, drag: { x: true, y: false, dist: 8 } },
      scales: { x: { time: false }, y: { range: (_, low, high) => Curves.range(low, high) } },
      axes: [
        { ...axis, size: 28, values: (_, ticks) => ticks.map(tick => +tick.toFixed(2) + " s") },
        { ...axis, size: 46, values: (_, ticks) => ticks.map(tick => tick + "\u00b0") },
      ],
      series: [{}, ...chart.lines.map(line => ({
        stroke: () => colourOf(line.colour), width: 1.75, points: { show: false }, spanGaps: false,
        dash: line.colour === "right" ? [7, 4] : undefined,
      }))],
      hooks: { drawClear: [plot => this.drawBands(plot)] },
    };
  }

  /** At least 40 degrees high, so that tremor does not look like movement; the top seventh, 15 pixels, is for the numbers. */
  static range(low, high) {
    if (low === null || high === null) return [0, 90];
    const spare = Math.max(40 - (high - low), 8) / 2;
    const bottom = Math.floor((low - spare) / 10) * 10;
    return [bottom, Math.ceil((high + Math.max(spare, (high - bottom) / 6)) / 10) * 10];
  }

  drawBands(plot) {
    const { ctx } = plot, { left, top, width, height } = plot.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    const fill = ([start, stop], colour) => {
      const from = plot.valToPos(this.timeOf(start), "x", true), to = plot.valToPos(this.timeOf(stop), "x", true);
      ctx.fillStyle = colour;
      ctx.fillRect(from, top, Math.max(to - from, 1), height);
      return [from, to - from];
    };
    for (const gap of this.gaps) fill(gap, colourOf("gap"));
    for (const rep of this.reps) {
      const [from, width] = fill(rep.rows, colourOf("band"));
      ctx.fillStyle = colourOf("soft");
      if (width > 5 * devicePixelRatio * (1 + String(rep.index).length)) ctx.fillText(String(rep.index), from + 4 * devicePixelRatio, top + 12 * devicePixelRatio);
    }
    ctx.restore();
  }

  timeOf(row) { return this.times[Math.min(row, this.times.length - 1)]; }

  listen(plot) {
    let down = 0;
    plot.over.addEventListener("mousedown", event => { down = event.clientX; });
    plot.over.addEventListener("click", event => {
      if (Math.abs(event.clientX - down) > 4) return;
      const seconds = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x");
      this.seek(lastNotAfter(this.times, seconds));
    });
  }

  show(row) {
    for (const { plot, chart, readings, playhead } of this.plots) {
      playhead.style.left = plot.valToPos(this.timeOf(row), "x") + "px";
      chart.lines.forEach((line, i) => {
        const value = line.values[row] ?? null;
        const text = chart.depth ? depthText(value, chart.depth) : Math.round(value) + "\u00b0";
        readings[i].textContent = `${line.label} ${value === null ? "\u2013" : text}`.trim();
      });
    }
  }

  redraw() { for (const { plot } of this.plots) plot.redraw(false); }
}
