// Puts the page together: two panes, the log, and packets by hand.

import { parts } from "./dom.js";
import { PacketLog } from "./log.js";
import { Pane } from "./pane.js";
import { Sender } from "./sender.js";

const response = await fetch("/console/packets.json");
const { packets } = await response.json();

const part = parts(document.getElementById("packets"));
const log = new PacketLog(part, packets.map(({ type }) => type));

let sender;
const template = document.getElementById("pane");
const panes = {};
for (const [side, title] of [["left", "Left"], ["right", "Right"]]) {
  const root = document.getElementById(side);
  root.append(template.content.cloneNode(true));
  panes[side] = new Pane(side, title, parts(root), {
    noted: (...entry) => log.note(side, ...entry),
    changed: () => {
      sender?.update();
      for (const pane of Object.values(panes)) pane.otherChanged();
    },
  });
}
panes.left.other = panes.right;
panes.right.other = panes.left;
sender = new Sender(part, panes, packets);

// On a small screen one of the three is shown at a time.
const main = document.querySelector("main");
const views = document.querySelectorAll(".views button");
for (const view of views) {
  view.addEventListener("click", () => {
    main.dataset.view = view.dataset.view;
    for (const each of views) each.setAttribute("aria-pressed", each === view);
  });
}
