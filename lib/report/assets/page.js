// Puts the report on the page and ties video, skeleton, curves and table to one row.
"use strict";

const byId = id => document.getElementById(id);

/** A new element with text (never markup) inside its parent. */
function add(parent, tag, text, className) {
  const element = parent.appendChild(document.createElement(tag));
  if (text !== undefined && text !== null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Packed whole numbers back to values; the lowest one stands for a missing value. */
function unpack({ packed, step }) {
  const whole = new Int16Array(bytesOf(packed).buffer);
  return Float32Array.from(whole, value => value === -32768 ? NaN : value * step);
}

function goTo(parent, text, row, seek) {
  if (row === null) { add(parent, "span", text); return; }
  add(parent, "button", text, "goto").addEventListener("click", event => { event.stopPropagation(); seek(row); });
}

function fillWords(words, seek) {
  byId("title").textContent = words.title;
  byId("verdict").textContent = words.verdict;
  for (const finding of words.findings) {
    const item = add(byId("findings"), "li", null, finding.severity);
    add(item, "span", finding.text);
    goTo(add(item, "small"), finding.where, finding.row, seek);
  }
  for (const [name, text] of words.facts) { add(byId("facts"), "dt", name); add(byId("facts"), "dd", text); }
  for (const id of ["rejected", "warnings"]) {
    for (const { text, row } of words[id]) goTo(add(byId(id).querySelector("ul"), "li"), text, row, seek);
    byId(id).hidden = !words[id].length;
  }
  for (const { name, why } of words.missing) {
    const item = add(byId("missing").querySelector("ul"), "li");
    add(item, "b", name + ": ");
    add(item, "span", why + ".");
  }
  byId("missing").hidden = !words.missing.length;
}

function fillTable(words, of, several, seek) {
  const parent = byId("sets");
  add(parent, "h2", several ? of.title : "Repetitions");
  const table = add(add(parent, "div", null, "table"), "table");
  const head = add(add(table, "thead"), "tr");
  const heads = [["Rep", ""], ["Quality", ""], ["Start", "s"], ["Lasts", "s"]];
  for (const column of words.columns) heads.push([column.name, column.unit]);
  for (const [name, unit] of [...heads, ["Tempo", "down-pause-up-pause, s"], ["Confidence", ""]]) {
    const cell = add(head, "th", name, name === "Quality" ? "word" : "");
    cell.scope = "col";
    if (unit) add(cell, "small", unit);
  }
  const body = add(table, "tbody");
  return of.reps.map(rep => {
    const line = add(body, "tr");
    goTo(add(line, "td"), String(rep.index), rep.rows[0], seek);
    add(add(line, "td", rep.quality, "word"), "small", rep.reasons);
    for (const text of [rep.start, rep.duration]) add(line, "td", text);
    for (const cell of rep.cells) {
      const place = add(line, "td", cell.text, ["warn", "fault"].includes(cell.severity) ? cell.severity : "");
      if (cell.note) place.title = cell.note;
    }
    for (const text of [rep.tempo, rep.confidence]) add(line, "td", text);
    line.addEventListener("click", () => seek(rep.rows[0]));
    return { line, rep };
  });
}

function fillTimeline(reps, gaps, numRows) {
  const place = ([start, stop], className, text) => {
    const band = add(byId("bands"), "i", text, className);
    band.style.left = 100 * start / Math.max(numRows - 1, 1) + "%";
    band.style.width = 100 * Math.max(stop - start, 1) / Math.max(numRows - 1, 1) + "%";
  };
  for (const gap of gaps) place(gap, "gap", "");
  for (const rep of reps) place(rep.rows, "", String(rep.index));
  byId("scrub").max = Math.max(numRows - 1, 0);
}

/** The video element with its film, or null when the page has none. */
function openFilm(film, player) {
  const video = document.querySelector("#film video");
  byId("overlay-label").hidden = film.kind !== "embedded";
  if (film.note) { byId("film-note").textContent = film.note; byId("film-note").hidden = false; }
  if (film.kind === "none") { byId("film").hidden = true; return null; }
  video.addEventListener("error", () => {
    byId("film").hidden = true;
    byId("overlay-label").hidden = true;
    byId("film-note").textContent = film.kind === "linked"
      ? `The film ${film.source} is not beside this page or cannot be played.` : "This browser cannot play the film.";
    byId("film-note").hidden = false;
    player().dropVideo();
  });
  [video.width, video.height] = film.size;
  video.style.height = "auto";
  video.style.width = "auto";
  video.src = film.kind === "linked" ? film.source
    : URL.createObjectURL(new Blob([bytesOf(byId("film-file").textContent.trim())], { type: "video/mp4" }));
  return video;
}

function wireControls(player, reps) {
  const starts = reps.map(rep => rep.rows[0]);
  const jump = direction => {
    const behind = starts.filter(start => start < player.row - 3), ahead = starts.filter(start => start > player.row);
    player.seek(direction < 0 ? behind.pop() ?? 0 : ahead[0] ?? player.row);
  };
  const speed = byId("speed");
  const setSpeed = index => { speed.selectedIndex = index; player.setRate(Number(speed.value)); };
  const actions = { play: () => player.toggle(), back: () => player.step(-1), next: () => player.step(1),
    "back-rep": () => jump(-1), "next-rep": () => jump(1) };
  for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
  speed.addEventListener("change", () => setSpeed(speed.selectedIndex));
  byId("scrub").addEventListener("input", event => { player.pause(); player.seek(Number(event.target.value)); });
  document.addEventListener("keydown", event => {
    const inField = ["INPUT", "SELECT"].includes(event.target.tagName) && event.target.type !== "checkbox";
    if (event.ctrlKey || event.metaKey || event.altKey || inField) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    const keys = { " ": actions.play, s: () => setSpeed((speed.selectedIndex + 1) % speed.length),
      ArrowLeft: event.shiftKey ? actions["back-rep"] : actions.back,
      ArrowRight: event.shiftKey ? actions["next-rep"] : actions.next,
      Home: () => player.seek(0), End: () => player.seek(player.last) };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function wireViews(space, views) {
  for (const [name, text] of views) add(byId("views"), "button", text).addEventListener("click", () => space.look(name));
}

function start() {
  const { words, film, motion, skeleton, charts } = JSON.parse(byId("content").textContent);
  const times = Float64Array.from(new Float32Array(bytesOf(motion.times).buffer));
  const reps = words.sets.flatMap(of => of.reps);
  let player;
  const seek = row => player.seek(row);
  player = new Player(times, null);
  const video = openFilm(film, () => player);
  if (video) { player.video = video; player.followVideo(video); }
  const overlay = new Overlay(document.querySelector("#film canvas"), film.kind === "embedded" ? unpack(film.points) : null, film.size, skeleton);
  const space = new Space(document.querySelector("#space canvas"), unpack(motion.points), motion.room, skeleton);
  fillWords(words, seek);
  const lines = words.sets.flatMap(of => fillTable(words, of, words.sets.length > 1, seek));
  fillTimeline(reps, motion.gaps, times.length);
  const unpacked = charts.map(chart => ({ ...chart, lines: chart.lines.map(line => (
    { ...line, values: Array.from(unpack(line.values), value => Number.isFinite(value) ? value : null) })) }));
  byId("curves").hidden = !times.length || !charts.length;
  const curves = new Curves(byId("curves"), byId("curves").hidden ? [] : unpacked, Array.from(times), reps, motion.gaps, seek);
  wireControls(player, reps);
  wireViews(space, motion.views);

  const labelOf = row => {
    const during = lines.find(({ rep }) => rep.rows[0] <= row && row < rep.rows[1]);
    const last = lines.filter(({ rep }) => rep.rows[0] <= row).pop();
    for (const { line, rep } of lines) line.classList.toggle("now", during?.rep === rep);
    const of = last && words.sets.find(set => set.reps.includes(last.rep));
    return last ? `${during ? "Rep " : ""}${last.rep.index} / ${of.reps.length}` : "";
  };
  const draw = () => {
    const row = player.row, isSeen = !motion.gaps.some(([from, to]) => from <= row && row < to);
    if (times.length) space.draw(row, isSeen);
    if (player.video && !byId("film").hidden) overlay.draw(row, isSeen);
    byId("unseen").hidden = isSeen;
  };
  player.onChange(row => {
    draw();
    curves.show(row);
    byId("scrub").value = row;
    byId("play").textContent = player.isPlaying ? "Pause" : "Play";
    byId("rep").textContent = labelOf(row);
    byId("clock").textContent = times.length ? `${(times[row]).toFixed(2)} s, frame ${motion.first + row}` : "no frames";
  });
  space.changed = draw;
  byId("overlay").addEventListener("change", event => { overlay.isOn = event.target.checked; draw(); });
  const redraw = () => { draw(); curves.redraw(); curves.show(player.row); };
  new ResizeObserver(redraw).observe(byId("panes"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = ""; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; redraw(); });
  document.querySelector("#film video").addEventListener("loadedmetadata", redraw);
  player.seek(reps.length ? reps[0].turn_row : 0);
}

start();
