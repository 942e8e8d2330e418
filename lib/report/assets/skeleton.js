// The skeleton over the video, and in 3D from any side. Scene: x right, y away, z up.
"use strict";

const LIT = "#ffd400";

function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** Make a canvas as sharp as the screen; returns its context in CSS pixels and its size. */
function readyCanvas(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineCap = "round";
  return { context, width, height };
}

function strokeBone(context, from, to, colour, width, edge) {
  for (const [style, thick] of [[edge, width + 2.5], [colour, width]]) {
    context.strokeStyle = style;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.stroke();
  }
}

/** Rings around joints that a finding names: bright with a dark edge, plain on any picture. */
function ringJoints(context, places, size) {
  for (const [x, y] of places.filter(place => place.slice(0, 2).every(Number.isFinite))) {
    for (const [style, thick] of [["#14181d", size * 0.75], [LIT, size * 0.42]]) {
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

class Overlay {
  /** points: Float32Array (rows * joints * 2) in pixels of the film, NaN where missing. */
  constructor(canvas, points, filmSize, skeleton) {
    Object.assign(this, { canvas, points, filmSize, skeleton, isOn: true, lit: [] });
  }

  /** video: to be drawn below the skeleton as well, for paper: printed pages leave videos out. */
  draw(row, isSeen, video = null) {
    const { context, width, height } = readyCanvas(this.canvas);
    if (video) context.drawImage(video, 0, 0, width, height);
    if (!this.isOn || !this.points) return;
    const [filmWidth, filmHeight] = this.filmSize, { bones, sides, joints } = this.skeleton;
    const at = joint => {
      const i = (row * joints + joint) * 2;
      return [this.points[i] * width / filmWidth, this.points[i + 1] * height / filmHeight];
    };
    context.globalAlpha = isSeen ? 1 : 0.35;
    bones.forEach(([a, b], i) => {
      const from = at(a), to = at(b);
      if ([...from, ...to].every(Number.isFinite)) {
        strokeBone(context, from, to, this.skeleton.filmColours[sides[i]], 3.5, "#ffffff");
      }
    });
    ringJoints(context, this.lit.map(at), 7);
    context.globalAlpha = 1;
  }
}

class Space {
  /** points: Float32Array (rows * joints * 3); centre: (rows * 2) place on the floor in the middle of
      the view; room: { reach, top, yaw, facing } of the scene about it. */
  constructor(canvas, points, centre, room, skeleton) {
    Object.assign(this, { canvas, points, centre, room, skeleton, yaw: room.yaw, pitch: 10, lit: [] });
    this.changed = () => {};
    let from = null;
    canvas.addEventListener("pointerdown", event => {
      from = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", event => {
      if (!from) return;
      const dy = event.pointerType === "touch" ? 0 : event.clientY - from[1];
      this.turn((event.clientX - from[0]) * 0.5, dy * 0.4);
      from = [event.clientX, event.clientY];
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { from = null; });
    canvas.addEventListener("dblclick", () => this.set(room.yaw, 10));
  }

  turn(yaw, pitch) { this.set(this.yaw + yaw, this.pitch + pitch); }

  set(yaw, pitch) {
    this.yaw = (yaw % 360 + 360) % 360;
    this.pitch = Math.min(Math.max(pitch, -5), 90);
    this.changed();
  }

  /** Named views: seen from the lifter's own front, side and back, or as the camera stood. */
  look(name) {
    const front = -90 - this.room.facing;
    const views = {
      camera: [0, 5], front: [front, 5], left: [front - 90, 5], right: [front + 90, 5],
      back: [front + 180, 5], top: [front, 90],
    };
    this.set(...views[name]);
  }

  projector(row, width, height) {
    const [middleX, middleY] = this.centre.subarray(row * 2, row * 2 + 2);
    const yaw = this.yaw * Math.PI / 180, pitch = this.pitch * Math.PI / 180;
    const { reach, top } = this.room, tall = Math.sin(pitch) * 2 * reach + Math.cos(pitch) * top;
    const scale = Math.min(width / (2 * reach), height / tall) * 0.86;
    const middle = Math.cos(pitch) * top / 2;
    return (sceneX, sceneY, z) => {
      const x = sceneX - middleX, y = sceneY - middleY;
      const right = x * Math.cos(yaw) - y * Math.sin(yaw), away = x * Math.sin(yaw) + y * Math.cos(yaw);
      const up = z * Math.cos(pitch) + away * Math.sin(pitch);
      const depth = away * Math.cos(pitch) - z * Math.sin(pitch);
      return [width / 2 + right * scale, height * 0.52 - (up - middle) * scale, depth];
    };
  }

  draw(row, isSeen) {
    const { context, width, height } = readyCanvas(this.canvas);
    const project = this.projector(row, width, height), { bones, sides, joints } = this.skeleton;
    this.drawFloor(row, context, project);
    const at = joint => this.points.subarray((row * joints + joint) * 3, (row * joints + joint) * 3 + 3);
    const drawn = [];
    bones.forEach(([a, b], i) => {
      const from = at(a), to = at(b);
      if (![...from, ...to].every(Number.isFinite)) return;
      const thick = Math.max(4, Math.min(width, height) / 75);
      const [p, q] = [project(from[0], from[1], 0), project(to[0], to[1], 0)];
      strokeBone(context, p, q, colourOf("shadow"), thick * 0.7, "transparent");
      const ends = [project(...from), project(...to)];
      drawn.push({ ends, side: sides[i], depth: ends[0][2] + ends[1][2], thick });
    });
    context.globalAlpha = isSeen ? 1 : 0.35;
    drawn.sort((a, b) => b.depth - a.depth);
    for (const bone of drawn) {
      strokeBone(context, ...bone.ends, colourOf(bone.side), bone.thick, colourOf("panel"));
    }
    ringJoints(context, this.lit.map(joint => project(...at(joint))), 8);
    context.globalAlpha = 1;
  }

  /** Its lines stay where they are, so that a walking body is seen to walk. */
  drawFloor(row, context, project) {
    const reach = Math.ceil(this.room.reach * 4) / 4;
    const [x, y] = this.centre.subarray(row * 2, row * 2 + 2).map(place => Math.round(place * 4) / 4);
    context.strokeStyle = colourOf("floor");
    context.lineWidth = 1;
    context.beginPath();
    for (let place = -reach; place <= reach + 1e-6; place += 0.25) {
      for (const [a, b] of [[[x + place, y - reach], [x + place, y + reach]], [[x - reach, y + place], [x + reach, y + place]]]) {
        context.moveTo(...project(...a, 0).slice(0, 2));
        context.lineTo(...project(...b, 0).slice(0, 2));
      }
    }
    context.stroke();
  }
}
