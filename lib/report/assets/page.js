// Puts the report on the page and ties video, skeleton, charts and table to one row.
"use strict";

const FIRST_LINES = 8;

function fillWords(words, jump) {
  byId("title").textContent = words.title;
  byId("verdict").textContent = words.verdict;
  for (const line of words.lines) add(byId("lines"), "li", line);
  for (const [name, text] of words.facts) { add(byId("facts"), "dt", name); add(byId("facts"), "dd", text); }
  for (const id of ["rejected", "warnings"]) {
    const list = byId(id).querySelector("ul");
    words[id].forEach(({ text, row }, i) => goTo(add(list, "li", null, i < FIRST_LINES ? "" : "later"), text, row, jump));
    foldLater(list, byId(id), FIRST_LINES, words[id].length, "lines");
    byId(id).hidden = !words[id].length;
  }
  for (const { why, names } of words.missing) {
    const item = add(byId("missing").querySelector("ul"), "li");
    add(item, "b", why + ": ");
    add(item, "span", names.join("; ") + ".");
  }
  byId("missing").hidden = !words.missing.length;
}

function fillTimeline(reps, gaps, numRows) {
  const whole = Math.max(numRows - 1, 1);
  const place = ([start, stop], className, text) => {
    const band = add(byId("bands"), "i", text, className);
    band.style.left = 100 * start / whole + "%";
    band.style.width = 100 * Math.max(stop - start, 1) / whole + "%";
    return band;
  };
  for (const gap of gaps) place(gap, "gap", "");
  for (const rep of reps) {
    const band = place(rep.rows, rep.quality === "full" ? "" : "not-full", "");
    add(band, "span", rep.index);
    band.dataset.rep = rep.index;
    band.title = `Rep ${rep.index}, ${rep.quality}`;
  }
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

/** A section a set; with several, one at a time on the screen and all of them on paper. */
function fillSets(words, side, act) {
  const parent = byId("sets"), several = words.sets.length > 1;
  const tabs = several ? add(parent, "div", null, "tabs screen") : null;
  const places = words.sets.map(set => {
    const place = add(parent, "section", null, "set");
    add(place, "h2", several ? set.title : "Repetitions");
    const lines = fillTable(place, words, set, act);
    const pair = add(place, "div", null, "columns");
    if (set.velocity) velocityPanel(pair, set.velocity);
    tempoPanel(pair, set.tempo);
    anglesPanel(place, set.angles, act.seekRep);
    const drawings = add(place, "div", null, "columns");
    if (set.path) pathPanel(drawings, set.path, act.seekRep);
    pairPanel(drawings, set.pair, side);
    framesPanel(place, set.reps, set.frames, side, act.jump);
    return { place, lines };
  });
  const choose = chosen => places.forEach(({ place }, i) => {
    place.classList.toggle("chosen", i === chosen);
    tabs?.children[i].setAttribute("aria-pressed", i === chosen);
  });
  if (several) words.sets.forEach((set, i) => addButton(tabs, set.title, "tab", () => choose(i)));
  choose(0);
  return { lines: places.flatMap(({ lines }) => lines), choose };
}

/** Tells what is current at a row, and shows it on the page when that changes. */
class Now {
  constructor(sets, lines, choose) {
    Object.assign(this, { sets, lines, choose, rep: undefined, set: undefined });
  }

  show(row) {
    const during = this.lines.find(({ rep }) => rep.rows[0] <= row && row < rep.rows[1])?.rep ?? null;
    const last = this.lines.filter(({ rep }) => rep.rows[0] <= row).pop()?.rep ?? null;
    const set = last && this.sets.find(of => of.reps.includes(last));
    byId("rep").textContent = last ? (during ? "Rep " : "") + last.counter : "";
    if (during !== this.rep) {
      for (const element of document.querySelectorAll("[data-rep]")) {
        element.classList.toggle("now", during !== null && Number(element.dataset.rep) === during.index);
      }
    }
    if (set && set !== this.set) this.choose(this.sets.indexOf(set));
    Object.assign(this, { rep: during, set });
  }
}

function timeCharts(content, times, reps, seek) {
  const plain = Array.from(times), { gaps } = content.motion;
  const ready = chart => ({ ...chart, lines: chart.lines.map(line => ({ ...line, values: unpackList(line.values) })) });
  const depth = times.length && content.depth ? [ready({ ...content.depth, depth: content.depth })] : [];
  byId("depth").hidden = !depth.length;
  if (!content.depth?.band) byId("band-note").hidden = true;
  byId("curves").hidden = !times.length || !content.charts.length;
  const angles = byId("curves").hidden ? [] : content.charts.map(ready);
  return [new Curves(byId("depth"), depth, plain, reps, gaps, seek), new Curves(byId("curves"), angles, plain, reps, gaps, seek)];
}

function start() {
  const content = JSON.parse(byId("content").textContent), { words, film, motion, skeleton } = content;
  const times = Float64Array.from(new Float32Array(bytesOf(motion.times).buffer));
  const reps = words.sets.flatMap(of => of.reps);
  const player = new Player(times, null), light = new Light();
  const video = openFilm(film, () => player);
  if (video) { player.video = video; player.followVideo(video); }
  const overlay = new Overlay(document.querySelector("#film canvas"), film.kind === "embedded" ? unpack(film.points) : null, film.size, skeleton);
  const points = unpack(motion.points);
  const space = new Space(document.querySelector("#space canvas"), points, unpack(motion.centre), motion.room, skeleton);
  const side = new SideView(points, motion.room.facing, skeleton, content.depth !== null);
  side.fit(words.sets.flatMap(set => set.frames.flat().map(moment => moment.row)));

  const seek = row => player.seek(row);
  const jump = row => { player.pause(); player.seek(row); showStage(); };
  const act = {
    seek, jump,
    seekRep: index => seek(reps.find(rep => rep.index === index).rows[0]),
    light: (joints, lit, row) => { light.throw(joints, lit, null); jump(row); },
  };
  fillWords(words, jump);
  fillFindings(words.findings, words.noFindings, light, jump);
  const { lines, choose } = fillSets(words, side, act);
  fillTimeline(reps, motion.gaps, times.length);
  const charts = timeCharts(content, times, reps, seek);
  wireControls(player, reps, light);
  wireViews(space, motion.views);

  const now = new Now(words.sets, lines, choose);
  const draw = () => {
    const row = player.row, isSeen = !motion.gaps.some(([from, to]) => from <= row && row < to);
    overlay.lit = space.lit = light.joints;
    if (times.length) space.draw(row, isSeen);
    if (player.video && !byId("film").hidden) overlay.draw(row, isSeen, "print" in document.documentElement.dataset ? player.video : null);
    byId("unseen").hidden = isSeen;
  };
  player.onChange(row => {
    draw();
    for (const chart of charts) chart.show(row);
    byId("scrub").value = row;
    byId("play").textContent = player.isPlaying ? "Pause" : "Play";
    now.show(row);
    byId("clock").textContent = times.length ? `${(times[row]).toFixed(2)} s, frame ${row}` : "no frames";
  });
  space.changed = draw;
  light.onChange(draw);
  byId("overlay").addEventListener("change", event => { overlay.isOn = event.target.checked; draw(); });
  const redraw = () => { draw(); for (const chart of charts) { chart.redraw(); chart.show(player.row); } };
  new ResizeObserver(redraw).observe(byId("panes"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const onPaper = isPrinted => { document.documentElement.toggleAttribute("data-print", isPrinted); redraw(); };
  matchMedia("print").addEventListener("change", event => onPaper(event.matches));
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  document.querySelector("#film video").addEventListener("loadedmetadata", redraw);
  player.seek(reps.length ? reps[0].turn_row : 0);
}

start();
