// The table of repetitions: a line each, all numbers below it on demand, cards on a phone.
"use strict";

const SEVERITY_SIGNS = { warn: "\u25b2", fault: "\u25a0" };
const SEVERITY_WORDS = { warn: "look at it", fault: "off" };

function markSeverity(element, severity) {
  if (!SEVERITY_SIGNS[severity]) return;
  element.classList.add(severity);
  const sign = add(element, "span", SEVERITY_SIGNS[severity], "sign");
  sign.title = SEVERITY_WORDS[severity];
}

/** Heads: [name, unit] in the table's order, without the button's column; no findings where nothing was judged. */
function headsOf(words) {
  const columns = late => words.columns.filter(column => column.is_late === late).map(column => [column.name, column.unit, column.title]);
  const heads = [["Rep", ""], ["Quality", ""], ...columns(false), ["Tempo", words.tempo], ...columns(true)];
  return words.hasFindings ? [...heads, ["Findings", ""]] : heads;
}

const FIRST_CARDS = 6;

function fillTable(parent, words, set, act) {
  const heads = headsOf(words);
  const table = add(add(parent, "div", null, "table"), "table");
  const head = add(add(table, "thead"), "tr");
  for (const [name, unit, title] of [...heads, ["", ""]]) {
    const cell = add(head, "th", name, ["Quality", "Findings"].includes(name) ? "word" : "");
    cell.scope = "col";
    if (title) cell.title = title;
    if (unit) add(cell, "small", unit);
  }
  const body = add(table, "tbody");
  const lines = set.reps.map((rep, i) => {
    const line = add(body, "tr", null, i < FIRST_CARDS ? "rep" : "rep later");
    line.dataset.rep = rep.index;
    fillLine(line, rep, words, heads, act);
    const more = add(body, "tr", null, i < FIRST_CARDS ? "more" : "more later");
    const place = add(more, "td");
    place.colSpan = heads.length + 1;
    fillNumbers(place, rep, act);
    unfolding(add(line, "td", null, "unfold screen"), rep, more);
    line.addEventListener("click", () => act.seek(rep.rows[0]));
    return { line, rep };
  });
  if (set.mean.length) fillMean(add(add(table, "tfoot"), "tr"), words, set.mean, heads);
  foldLater(body, parent, FIRST_CARDS, set.reps.length, "repetitions", "folded-narrow")?.classList.add("narrow-only");
  if (words.columns.length) add(parent, "p", "Values with one standard deviation. \u25b2 look at it, \u25a0 off. A press on a line goes there.", "note screen");
  if (set.spread) add(parent, "p", set.spread, "note");
  return lines;
}

/** The button that unfolds all numbers of a repetition which has any. */
function unfolding(place, rep, more) {
  if (!rep.numbers.length) return;
  const button = addButton(place, "Numbers", "small", () => {
    button.setAttribute("aria-expanded", more.classList.toggle("open"));
  });
  button.title = `All numbers of rep ${rep.index}`;
  button.setAttribute("aria-expanded", "false");
}

/** A cell that knows its column's name, for the cards of a narrow screen. */
function addCell(line, heads, text, className) {
  const cell = add(line, "td", null, className);
  const [name, unit] = heads[line.children.length - 1];
  cell.dataset.label = name;
  if (unit && name !== "Tempo") cell.dataset.unit = unit.split(",")[0];
  add(cell, "span", text, "value");
  return cell;
}

function fillLine(line, rep, words, heads, act) {
  const number = addCell(line, heads, null, "number");
  goTo(number.firstChild, String(rep.index), rep.rows[0], act.jump);
  const quality = addCell(line, heads, rep.quality, "word");
  if (rep.reasons) add(quality, "small", rep.reasons);
  const fill = late => words.columns.forEach((column, i) => {
    if (column.is_late !== late) return;
    const place = addCell(line, heads, rep.cells[i].text);
    markSeverity(place, rep.cells[i].severity);
    if (rep.cells[i].note) place.title = rep.cells[i].note;
  });
  fill(false);
  addCell(line, heads, rep.tempo);
  fill(true);
  if (!words.hasFindings) return;
  const found = addCell(line, heads, rep.findings.length ? null : rep.noFindings, "word");
  for (const finding of rep.findings) {
    const item = add(found.firstChild, "div", null, "remark");
    markSeverity(item, finding.severity);
    item.title = finding.title;
    goTo(item, finding.text, finding.row, () => act.light(finding.joints, [rep.index], finding.row));
  }
}

function fillNumbers(place, rep, act) {
  add(place, "p", `Rep ${rep.index}: starts at ${rep.start} s, lasts ${rep.duration} s, ${rep.confidence} sure.`, "note");
  const list = add(place, "ul", null, "numbers");
  for (const number of rep.numbers) {
    const item = add(list, "li");
    goTo(item, number.name, number.row, act.jump);
    const value = add(item, "b", number.text);
    markSeverity(value, number.severity);
    if (number.note) { value.title = number.note; if (number.text === "\u2013") item.classList.add("missing"); }
  }
}

function fillMean(line, words, mean, heads) {
  addCell(line, heads, "Mean (SD)", "number");
  addCell(line, heads, "", "word");
  const fill = late => words.columns.forEach((column, i) => { if (column.is_late === late) addCell(line, heads, mean[i]); });
  fill(false);
  addCell(line, heads, "");
  fill(true);
  if (words.hasFindings) add(line, "td");
  add(line, "td", null, "screen");
}
