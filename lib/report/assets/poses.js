// Small drawings of the skeleton from the lifter's right side: key moments, the worst against the best.
"use strict";

const FAR_TO_NEAR = ["left", "centre", "right"];

class SideView {
  /** points: Float32Array (rows * joints * 3); facing: degrees, as in the room of the 3D view. */
  constructor(points, facing, skeleton, hasDepth) {
    Object.assign(this, { points, skeleton, hasDepth });
    const angle = facing * Math.PI / 180;
    this.forward = [Math.cos(angle), Math.sin(angle)];
    this.feet = skeleton.feet;
    const place = ([, side]) => FAR_TO_NEAR.indexOf(side);
    this.bones = skeleton.bones.map((bone, k) => [bone, skeleton.sides[k]]).sort((a, b) => place(a) - place(b));
    this.extent = { left: -0.5, right: 0.5, top: 1 };
  }

  /** Joints of a row, forward and up, over the middle of the feet; null where missing. */
  at(row) {
    const places = [];
    for (let joint = 0; joint < this.skeleton.joints; joint++) {
      const i = (row * this.skeleton.joints + joint) * 3, [x, y, z] = this.points.subarray(i, i + 3);
      places.push(Number.isFinite(x + y + z) ? [x * this.forward[0] + y * this.forward[1], z] : null);
    }
    const feet = this.feet.map(joint => places[joint]).filter(Boolean);
    const middle = feet.length ? feet.reduce((sum, place) => sum + place[0], 0) / feet.length : 0;
    return places.map(place => place && [place[0] - middle, place[1]]);
  }

  /** One frame for all drawings, so that they can be compared. */
  fit(rows) {
    const places = rows.flatMap(row => this.at(row)).filter(Boolean);
    if (!places.length) return;
    const reach = (pick, i, start) => places.reduce((best, place) => pick(best, place[i]), start);
    this.extent = { left: reach(Math.min, 0, -0.2) - 0.1, right: reach(Math.max, 0, 0.2) + 0.1, top: reach(Math.max, 1, 0.3) + 0.1 };
  }

  /** Above 1 for a lying body, below for a standing one. */
  get aspect() { return (this.extent.right - this.extent.left) / (this.extent.top + 0.06); }

  /** A drawing of rows [[row, className], ...]; joints to ring: numbers. */
  draw(parent, layers, label, ringed = []) {
    const { left, right, top } = this.extent, scale = 100;
    const svg = mark(parent, "svg", {
      role: "img", "aria-label": label, class: "pose",
      viewBox: `${left * scale} ${-top * scale} ${(right - left) * scale} ${(top + 0.06) * scale}`,
    });
    mark(svg, "line", { x1: left * scale, x2: right * scale, y1: 0, y2: 0, class: "floor-line" });
    layers.forEach(([row, className], i) => {
      const places = this.at(row).map(place => place && [place[0] * scale, -place[1] * scale]);
      if (this.hasDepth && i === 0) this.drawLevel(svg, places, scale);
      for (const [[a, b], side] of this.bones) {
        if (!places[a] || !places[b]) continue;
        mark(svg, "line", { x1: places[a][0], y1: places[a][1], x2: places[b][0], y2: places[b][1], class: `bone ${className || side}` });
      }
      if (i === 0) places.forEach((place, joint) => {
        if (!place) return;
        const ring = mark(svg, "circle", { cx: place[0], cy: place[1], r: 7, class: "ring" });
        ring.dataset.joint = joint;
        ring.classList.toggle("named", ringed.includes(joint));
      });
    });
    return svg;
  }

  /** The height of the knee joints: hips below this line are below parallel. */
  drawLevel(svg, places, scale) {
    const knees = this.skeleton.knees.map(joint => places[joint]).filter(Boolean);
    if (!knees.length) return;
    const y = knees.reduce((sum, place) => sum + place[1], 0) / knees.length;
    mark(svg, "line", { x1: this.extent.left * scale, x2: this.extent.right * scale, y1: y, y2: y, class: "level" });
  }
}

const FIRST_REPS = 6, FIRST_REPS_NARROW = 3;

/** Key moments of each rep; more than a few reps unfold on demand (on paper they are all there). */
function framesPanel(parent, reps, frames, side, seek) {
  const box = panel(parent, "Key moments", frames.some(list => list.length) ? "" : "No moments of these repetitions are known.",
    "From the lifter's right side; a press goes there." + (side.hasDepth ? " Dashed: height of the knee joints." : "") + " Rings: joints that a finding names.");
  if (!box) return;
  const strips = add(box, "div", null, "strips");
  strips.classList.toggle("wide", side.aspect > 1.1);
  reps.forEach((rep, i) => {
    const strip = add(strips, "div", null, "strip");
    strip.dataset.rep = rep.index;
    strip.classList.toggle("later", i >= FIRST_REPS);
    add(strip, "b", `Rep ${rep.index}`);
    const row = add(strip, "div", null, "moments");
    const nearest = rep.findings.map(finding => frames[i].reduce(
      (best, moment) => best && Math.abs(best.row - finding.row) <= Math.abs(moment.row - finding.row) ? best : moment, null));
    for (const moment of frames[i]) {
      const button = addButton(row, null, "moment", () => seek(moment.row));
      const ringed = rep.findings.flatMap((finding, k) => nearest[k] === moment ? finding.joints : []);
      side.draw(button, [[moment.row, ""]], `Rep ${rep.index}, ${moment.name}`, ringed);
      add(button, "span", moment.name);
    }
  });
  foldLater(strips, box, FIRST_REPS_NARROW, reps.length, "repetitions")?.classList.toggle("narrow-only", reps.length <= FIRST_REPS);
}

/** The worst (or least surely seen) and the best rep laid over one another at the same phases. */
function pairPanel(parent, pair, side) {
  const box = panel(parent, pair.title ?? "Worst against best repetition", pair.why, pair.rule);
  if (!box) return;
  const legend = add(box, "p", null, "legend");
  addKey(legend, "best", `best: rep ${pair.best}`);
  addKey(legend, "worst", `${pair.otherName}: rep ${pair.other}, dashed`);
  const row = add(box, "div", null, "moments pair");
  row.classList.toggle("wide", side.aspect > 1.1);
  for (const step of pair.steps) {
    const cell = add(row, "div", null, "moment");
    side.draw(cell, [[step.rows[0], "best"], [step.rows[1], "worst"]], `${step.name}: best and ${pair.otherName} repetition`);
    add(cell, "span", step.name);
  }
}
