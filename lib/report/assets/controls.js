// Buttons, keys and the slider that move the player, and the views of the 3D skeleton.
"use strict";

function wireControls(player, reps, light) {
  const starts = reps.map(rep => rep.rows[0]);
  const jump = direction => {
    const behind = starts.filter(start => start < player.row - 3), ahead = starts.filter(start => start > player.row);
    player.seek(direction < 0 ? behind.pop() ?? 0 : ahead[0] ?? player.row);
  };
  const speed = byId("speed");
  const setSpeed = index => { speed.selectedIndex = index; player.setRate(Number(speed.value)); };
  const actions = { play: () => player.toggle(), back: () => player.step(-1), next: () => player.step(1),
    "back-rep": () => jump(-1), "next-rep": () => jump(1) };
  for (const [id, action] of Object.entries(actions)) {
    byId(id).addEventListener("click", event => { leaveAfterPointer(event); action(); });
  }
  byId("overlay").addEventListener("click", leaveAfterPointer);
  speed.addEventListener("change", () => setSpeed(speed.selectedIndex));
  byId("scrub").addEventListener("input", event => { player.pause(); player.seek(Number(event.target.value)); });
  document.addEventListener("keydown", event => {
    const { tagName, type } = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || tagName === "SELECT") return;
    if (event.key === " " && (tagName === "BUTTON" || type === "checkbox")) return;
    const keys = { " ": actions.play, s: () => setSpeed((speed.selectedIndex + 1) % speed.length),
      ArrowLeft: event.shiftKey ? actions["back-rep"] : actions.back,
      ArrowRight: event.shiftKey ? actions["next-rep"] : actions.next,
      Home: () => player.seek(0), End: () => player.seek(player.last), Escape: () => light.clear() };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function wireViews(space, views) {
  for (const [name, text] of views) addButton(byId("views"), text, "", () => space.look(name));
}
