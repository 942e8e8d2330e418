// Small charts in SVG: they take the page's colours by class and print as they are.
"use strict";

const SVG_NAMES = "http://www.w3.org/2000/svg";
const UNSEEN_WIDTH = 640;
let numSketches = 0;

/** A new SVG element; attributes: name -> value. */
function mark(parent, tag, attributes = {}, text) {
  const element = parent.appendChild(document.createElementNS(SVG_NAMES, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** An SVG as wide as its parent, painted again when that width changes: paint(svg, width) -> height. */
function sketch(parent, label, paint) {
  const svg = mark(parent, "svg", { role: "img", "aria-label": label, class: "sketch" });
  let painted = 0;
  const repaint = () => {
    const width = Math.round(parent.clientWidth) || painted || UNSEEN_WIDTH;
    if (width === painted) return;
    painted = width;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${paint(svg, width)}`);
  };
  new ResizeObserver(repaint).observe(parent);
  repaint();
  return svg;
}

/** Round numbers between low and high, about as many as asked for. */
function ticksBetween(low, high, about) {
  const rough = (high - low) / Math.max(about, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

/** A linear map from values to pixels. */
function scaleOf([low, high], [from, to]) {
  return value => from + (value - low) / ((high - low) || 1) * (to - from);
}

const tidy = value => String(+value.toFixed(2)).replace("-", "\u2212");

/** Level grid lines with their numbers left of the area. */
function gridY(svg, y, ticks, [left, right], text = tidy) {
  for (const tick of ticks) {
    mark(svg, "line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "grid" });
    mark(svg, "text", { x: left - 6, y: y(tick) + 4, class: "tick end" }, text(tick));
  }
}

/** Numbers under the area, with upright grid lines where wanted. */
function gridX(svg, x, ticks, [top, bottom], text = tidy) {
  for (const tick of ticks) {
    mark(svg, "line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "grid" });
    mark(svg, "text", { x: x(tick), y: bottom + 15, class: "tick middle" }, text(tick));
  }
}

/** Path data through points, interrupted where a value is missing. */
function trail(xs, ys) {
  let isDown = false;
  return ys.map((y, i) => {
    if (y === null || xs[i] === null || !Number.isFinite(y)) { isDown = false; return ""; }
    const step = `${isDown ? "L" : "M"}${xs[i].toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
    return step;
  }).join("");
}

/** Slanted lines as a fill, so that a kind is not told by its colour alone; returns the fill. */
function hatch(svg, className, spacing = 6) {
  const id = `hatch-${++numSketches}`;
  const pattern = mark(mark(svg, "defs"), "pattern", {
    id, width: spacing, height: spacing, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  mark(pattern, "rect", { width: spacing, height: spacing, class: "hatch-back" });
  mark(pattern, "rect", { width: spacing / 2, height: spacing, class: className });
  return `url(#${id})`;
}

/** Colour of a rep by its place in the set, from the first to the last. */
function orderColour(place, count) {
  const percent = count > 1 ? Math.round(100 * place / (count - 1)) : 100;
  return `color-mix(in oklab, var(--last) ${percent}%, var(--first))`;
}

/** Give SVG elements of a rep its colour and number, so that the current one can stand out. */
function markRep(element, index, place, count) {
  element.dataset.rep = index;
  element.style.setProperty("--rep", orderColour(place, count));
  return element;
}

/** What a kind looks like and its name, on one line. */
function addKey(legend, kind, text) {
  const key = add(legend, "span", null, "key");
  add(key, "i", null, "swatch " + kind);
  key.append(text);
}

/** A heading with, below it, a drawing or the reason why there is none. Returns the drawing's box. */
function panel(parent, title, why, note) {
  const box = add(parent, "section", null, "panel");
  add(box, "h3", title);
  if (why) { add(box, "p", why, "note"); return null; }
  if (note) add(box, "p", note, "note");
  return add(box, "div", null, "drawing");
}
