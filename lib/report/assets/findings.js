// Findings, and the light they throw on joints and repetitions everywhere on the page.
"use strict";

class Light {
  constructor() { Object.assign(this, { joints: [], reps: [], owner: null, listeners: [] }); }

  onChange(listener) { this.listeners.push(listener); }

  /** owner: the button that threw it, to be shown as pressed. */
  throw(joints, reps, owner) {
    this.owner?.setAttribute("aria-pressed", "false");
    Object.assign(this, { joints, reps, owner });
    owner?.setAttribute("aria-pressed", "true");
    document.documentElement.toggleAttribute("data-lit", reps.length > 0);
    for (const element of document.querySelectorAll("[data-rep]")) {
      element.classList.toggle("found", reps.includes(Number(element.dataset.rep)));
    }
    for (const ring of document.querySelectorAll(".strip .ring")) {
      const rep = Number(ring.closest(".strip").dataset.rep);
      ring.classList.toggle("lit", reps.includes(rep) && joints.includes(Number(ring.dataset.joint)));
    }
    for (const listener of this.listeners) listener();
  }

  clear() { this.throw([], [], null); }
}

const FIRST_FINDINGS = 3;

/** At most three a set, a sentence each; a press goes to the worst rep and lights the joints up. */
function fillFindings(findings, none, light, jump) {
  const list = byId("findings");
  findings.forEach((finding, i) => {
    const item = add(list, "li", null, finding.severity);
    item.classList.toggle("later", i >= FIRST_FINDINGS);
    const reps = finding.marks.map(mark => mark.index);
    const press = row => button => {
      light.throw(finding.joints, reps, button);
      jump(row);
    };
    const button = addButton(item, null, "finding", pressed => {
      if (light.owner === pressed) light.clear(); else press(finding.row)(pressed);
    });
    button.setAttribute("aria-pressed", "false");
    const text = add(button, "span", null, "cue");
    markSeverity(text, finding.severity);
    text.append(finding.text);
    add(button, "small", finding.where);
    if (finding.marks.length < 2) return;
    const chips = add(item, "p", null, "legend");
    add(chips, "span", "Seen in rep", "soft");
    for (const mark of finding.marks) addButton(chips, String(mark.index), "chip plain", () => press(mark.row)(button));
  });
  foldLater(list, list.parentElement, FIRST_FINDINGS, findings.length, "findings");
  if (none) add(list, "li", none, "none");
  list.hidden = !list.children.length;
}
