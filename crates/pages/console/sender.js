// Packets written by hand.

import { element, uuid } from "./dom.js";

const OWN = "(own)";

export class Sender {
  #part;
  #panes;
  #packets;
  /** What was filled in last. */
  #filled = null;

  constructor(part, panes, packets) {
    this.#part = part;
    this.#panes = panes;
    this.#packets = packets.filter((packet) => packet.direction === "to-server");
    part.as.addEventListener("change", () => this.update());
    part.example.addEventListener("change", () => this.#fill());
    part.fill.addEventListener("click", () => this.#fill());
    part.packet.addEventListener("input", () => this.#judge());
    part.packet.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) part.sender.requestSubmit();
    });
    part.sender.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.update();
  }

  get #pane() {
    return this.#panes[this.#part.as.value];
  }

  /** Offers what the profile of the chosen pane has, about the room that is open there. To be called
   *  when either may have changed; a packet that the user is writing stays as it is. */
  update() {
    const { example } = this.#part;
    const chosen = example.value;
    const options = this.#packets
      .filter((packet) => packet.examples[this.#pane.profile])
      .map(({ type }) => element("option", { value: type }, type));
    example.replaceChildren(...options, element("option", { value: OWN }, "(an empty one)"));
    example.value = [...example.options].some(({ value }) => value === chosen)
      ? chosen
      : example.options[0].value;
    if (this.#part.packet.value === this.#filled || this.#filled === null) this.#fill();
    else this.#judge();
  }

  #fill() {
    const { example, packet, documentation } = this.#part;
    const known = this.#packets.find(({ type }) => type === example.value);
    const text = known?.examples[this.#pane.profile] ?? '{"type": "", "payload": {}}';
    const filled = withContext(JSON.parse(text), this.#pane.context);
    packet.value = this.#filled = JSON.stringify(filled, null, 2);
    documentation.href = known ? `/console/packets#${known.type}` : "/console/packets";
    this.#judge();
  }

  /** What is wrong with the text as JSON; null where nothing is. */
  #mistake() {
    try {
      JSON.parse(this.#part.packet.value);
      return null;
    } catch (error) {
      return error.message;
    }
  }

  #judge() {
    const { packet, send } = this.#part;
    const mistake = this.#mistake();
    packet.setAttribute("aria-invalid", mistake !== null);
    send.disabled = mistake !== null || !this.#pane.isConnected;
    if (mistake !== null) this.#say(`Not JSON: ${mistake}`, true);
    else if (!this.#pane.isConnected) this.#say("This side is not connected.");
    else this.#say(this.#hint());
  }

  /** What the server will not like. It is sent all the same: that may be what is to be seen. */
  #hint() {
    const packet = JSON.parse(this.#part.packet.value);
    const known = this.#packets.find(({ type }) => type === packet?.type);
    if (!known) return "No packet to the server has this type: expect an error.";
    if (!known.examples[this.#pane.profile]) return "This profile has no such packet: expect an error.";
    if (packet.payload === null || typeof packet.payload !== "object") {
      return "It has no payload: expect an error.";
    }
    return "";
  }

  #say(text, isWrong = false) {
    const { verdict } = this.#part;
    verdict.textContent = text;
    verdict.classList.toggle("wrong", isWrong);
  }

  #send() {
    if (this.#mistake() !== null) return;
    if (this.#pane.sendText(this.#part.packet.value)) this.#say("Sent.");
    else this.#judge();
  }
}

/** The example with the room, the message and the place that the pane is at, and ids of its own. */
function withContext(value, context) {
  if (Array.isArray(value)) {
    const entries = value.map((entry) => withContext(entry, context));
    // Entries about different rooms would all be about this one.
    return entries[0]?.room_id ? entries.slice(0, 1) : entries;
  }
  if (value === null || typeof value !== "object") return value;
  const filled = {};
  for (const [name, old] of Object.entries(value)) {
    if (name === "client_message_id") filled[name] = uuid();
    else if (name === "reply_to") Object.assign(filled, known(name, context.message_id));
    else if (name in context) filled[name] = context[name] ?? old;
    else filled[name] = withContext(old, context);
  }
  return filled;
}

function known(name, value) {
  return value === undefined ? {} : { [name]: value };
}
