// The depth line: hip joints against the height of the knee joints, deep is down.
"use strict";

/** 12 -> "12 % below"; where the true size is known also in centimetres. */
function depthText(value, depth) {
  const size = Math.abs(value), cm = depth.thighCm ? ` (${(size / 100 * depth.thighCm).toFixed(0)} cm)` : "";
  return `hip joint ${Math.round(size)} % of the thigh${cm} ${value >= 0 ? "below" : "above"} the knee joint`;
}

/** Options of the chart; depth: { band: [above, below] or null, thighCm or null }, percent of the thigh. */
function depthOptions(depth, box, axis, drawBands) {
  const text = (tick, factor, unit) => {
    const size = +(Math.abs(tick) * factor).toFixed(0);
    return tick === 0 ? "level" : `${size} ${unit}`;
  };
  const axes = [
    { ...axis, size: 28, values: (_, ticks) => ticks.map(tick => +tick.toFixed(2) + " s") },
    { ...axis, size: 52, scale: "y", values: (_, ticks) => ticks.map(tick => text(tick, 1, "%")) },
  ];
  if (depth.thighCm) {
    axes.push({ ...axis, size: 46, scale: "y", side: 1, grid: { show: false }, values: (_, ticks) => ticks.map(tick => text(tick, depth.thighCm / 100, "cm")) });
  }
  return {
    width: box.clientWidth || UNSEEN_WIDTH, height: 220, legend: { show: false },
    cursor: { sync: { key: "curves" }, points: { show: false }, drag: { x: true, y: false, dist: 8 } },
    scales: { x: { time: false }, y: { dir: -1, range: (_, low, high) => depthRange(low, high) } },
    axes,
    series: [{}, { stroke: () => colourOf("accent"), width: 2, points: { show: false }, spanGaps: false }],
    hooks: { drawClear: [drawBands], draw: [plot => drawParallel(plot, depth)] },
  };
}

/** Level with the knee and the band below it are always in sight. */
function depthRange(low, high) {
  return [Math.floor(((low ?? -100) - 16) / 10) * 10, Math.ceil((Math.max(high ?? 0, 12) + 8) / 10) * 10];
}

function drawParallel(plot, depth) {
  const { ctx } = plot, { left, top, width } = plot.bbox, ratio = devicePixelRatio;
  const y = value => Math.max(plot.valToPos(value, "y", true), top);
  ctx.save();
  if (depth.band) {
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = colourOf("warn");
    ctx.fillRect(left, y(depth.band[0]), width, y(depth.band[1]) - y(depth.band[0]));
    ctx.globalAlpha = 1;
  }
  ctx.strokeStyle = colourOf("ink");
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([7 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, y(0));
  ctx.lineTo(left + width, y(0));
  ctx.stroke();
  writeSides(plot, y(0), ratio);
  ctx.restore();
}

/** Which side of the level line is which, readable over the curve. */
function writeSides(plot, level, ratio) {
  const { ctx } = plot, { left, top, width, height } = plot.bbox, right = left + width - 4 * ratio;
  ctx.setLineDash([]);
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.strokeStyle = colourOf("paper");
  ctx.fillStyle = colourOf("ink");
  ctx.lineWidth = 4 * ratio;
  const lines = [["\u2191 hip above knee", level - 5 * ratio], ["\u2193 hip below knee", level + 14 * ratio]];
  for (const [text, y] of lines.filter(([, y]) => y < top + height)) {
    ctx.strokeText(text, right, y);
    ctx.fillText(text, right, y);
  }
}
