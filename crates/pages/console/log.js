// Every packet that goes by, the newest last.

import { element } from "./dom.js";

/** How many entries are kept; older ones go. */
const KEPT = 500;
const ARROWS = { sent: "↑", received: "↓", connection: "·" };
const NAMES = { left: "Left", right: "Right" };

export class PacketLog {
  #part;
  /** Type, pane and direction of each entry shown, in their order. */
  #entries = [];
  /** What came while the log was paused. */
  #held = [];
  #isPaused = false;

  constructor(part, types) {
    this.#part = part;
    for (const type of types) part.type.append(element("option", { value: type }, type));
    for (const filter of [part.type, part.pane, part.direction]) {
      filter.addEventListener("change", () => this.#filter());
    }
    part.pause.addEventListener("click", () => this.#pause(!this.#isPaused));
    part.clear.addEventListener("click", () => this.#clear());
    part.expand.addEventListener("change", () => {
      for (const { details } of this.#entries) details.open = part.expand.checked;
    });
    this.#tell();
  }

  /** Notes a packet: whose, which way, its type and its text. */
  note(pane, direction, type, text) {
    const entry = { pane, direction, type, text: masked(type, text), at: new Date() };
    if (this.#isPaused) {
      this.#held.push(entry);
      this.#held.splice(0, this.#held.length - KEPT);
    } else {
      this.#show(entry);
    }
    this.#tell();
  }

  #show(entry) {
    const { entries } = this.#part;
    const atEnd = entries.scrollHeight - entries.scrollTop - entries.clientHeight < 40;
    const { line, details } = drawn(entry, this.#part.expand.checked);
    line.hidden = !this.#admits(entry);
    this.#entries.push({ ...entry, line, details });
    entries.append(line);
    for (const old of this.#entries.splice(0, this.#entries.length - KEPT)) old.line.remove();
    if (atEnd) entries.scrollTop = entries.scrollHeight;
  }

  #admits({ type, pane, direction }) {
    const wanted = this.#part;
    return (
      (!wanted.type.value || wanted.type.value === type) &&
      (!wanted.pane.value || wanted.pane.value === pane) &&
      (!wanted.direction.value || wanted.direction.value === direction)
    );
  }

  #filter() {
    for (const entry of this.#entries) entry.line.hidden = !this.#admits(entry);
    this.#tell();
  }

  #pause(isPaused) {
    this.#isPaused = isPaused;
    this.#part.pause.setAttribute("aria-pressed", isPaused);
    if (!isPaused) this.#held.splice(0).forEach((entry) => this.#show(entry));
    this.#tell();
  }

  #clear() {
    this.#held = [];
    this.#entries = [];
    this.#part.entries.replaceChildren();
    this.#tell();
  }

  #tell() {
    const all = this.#entries.length;
    const shown = this.#entries.filter(({ line }) => !line.hidden).length;
    const held = this.#held.length;
    const { count, pause, empty } = this.#part;
    count.textContent = shown === all ? `${all}` : `${shown} of ${all}`;
    pause.textContent = this.#isPaused ? `Go on (${held})` : "Pause";
    empty.hidden = all > 0;
  }
}

function drawn({ pane, direction, type, text, at }, isOpen) {
  const time = element("time", { datetime: at.toISOString() }, clock(at));
  const way = element("span", { class: "way", title: direction }, ARROWS[direction]);
  way.setAttribute("role", "img");
  way.setAttribute("aria-label", direction);
  const details = element(
    "details",
    { open: isOpen },
    element(
      "summary",
      {},
      time,
      element("span", { class: "side" }, NAMES[pane]),
      way,
      element("code", {}, type),
      element("span", { class: "brief", "aria-hidden": "true" }, brief(text)),
    ),
    element("pre", {}, pretty(text)),
  );
  const line = element("li", { class: `${pane} ${direction}` }, details);
  line.dataset.type = type;
  const about = documentation(direction, type);
  if (about) {
    const label = `Documentation of ${type}`;
    line.append(
      element("a", { href: about, target: "_blank", rel: "noopener", "aria-label": label }, "docs"),
    );
  }
  return { line, details };
}

/** Where it is read about a packet, or about how connections end. */
function documentation(direction, type) {
  if (direction !== "connection") return `/console/packets#${encodeURIComponent(type)}`;
  return type === "closed" ? "/console/packets#close-codes" : "/console/guide#profile";
}

function clock(at) {
  const two = (number) => String(number).padStart(2, "0");
  const millis = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${millis}`;
}

/** What is in it, for a line that is cut where the screen ends. */
function brief(text) {
  try {
    const packet = JSON.parse(text);
    return JSON.stringify(packet.payload ?? packet).slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The text without the access token: what is on the screen gets photographed. */
function masked(type, text) {
  return type === "token-renew" ? text.replace(/("token"\s*:\s*)"[^"]*"/g, '$1"…"') : text;
}
