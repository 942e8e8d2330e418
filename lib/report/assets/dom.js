// Elements made from text (never from markup), packed numbers, links into the recording.
"use strict";

const byId = id => document.getElementById(id);

/** A new element with text inside its parent. */
function add(parent, tag, text, className) {
  const element = parent.appendChild(document.createElement(tag));
  if (text !== undefined && text !== null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** After a mouse or a finger the space bar is to play again, not to press the same once more. */
function leaveAfterPointer(event) {
  if (event.detail) event.currentTarget.blur();
}

function addButton(parent, text, className, pressed) {
  const button = add(parent, "button", text, className);
  button.type = "button";
  button.addEventListener("click", event => {
    event.stopPropagation();
    leaveAfterPointer(event);
    pressed(button);
  });
  return button;
}

/** A button that goes to a row, or plain text where there is none. */
function goTo(parent, text, row, seek) {
  if (row === null) return add(parent, "span", text);
  return addButton(parent, text, "goto", () => seek(row));
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

/** The same as a list with null for what is missing, as the charts want it. */
function unpackList(entry) {
  return Array.from(unpack(entry), value => Number.isFinite(value) ? value : null);
}

/** Bring the player into view after a jump from further down the page. */
function showStage() {
  const { top, bottom } = byId("panes").getBoundingClientRect();
  if (bottom > 120 && top < innerHeight - 120) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  byId("stage").scrollIntoView({ block: "start", behavior: isCalm ? "auto" : "smooth" });
}

/** Hide a list's .later items on the screen (not on paper) until a button shows them. */
function foldLater(list, parent, first, count, what, folded = "folded") {
  if (count <= first) return null;
  const words = [`Show all ${count} ${what}`, `Show fewer ${what}`];
  list.classList.add(folded);
  return addButton(parent, words[0], "screen small unfold-all", button => {
    button.textContent = words[list.classList.toggle(folded) ? 0 : 1];
  });
}
