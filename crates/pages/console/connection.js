// One person's WebSocket: opened with a ticket, opened again as the guide says, and every frame noted.

import { parsed } from "./json.js";

/** The oldest profile, which every server speaks. */
export const V1 = "abu.chat.v1";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/** A connection that comes back by itself until it is left, or until coming back is of no use. */
export class Connection {
  #account;
  #profile;
  #events;
  #socket = null;
  #wait = FIRST_WAIT;
  #timer = 0;
  #isOver = false;

  /** `events` are `opened(profile)`, `packet(packet)`, `state(text)`, `ended(why)` and
   *  `noted(direction, type, text)`. */
  constructor(account, profile, events) {
    this.#account = account;
    this.#profile = profile;
    this.#events = events;
    this.#open();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Sends a packet of the console's own making. */
  send(type, payload) {
    return this.sendText(JSON.stringify({ type, payload }));
  }

  /** Sends a text as it is. False where there is no connection. */
  sendText(text) {
    if (!this.isOpen) return false;
    this.#events.noted("sent", typeOf(text), text);
    this.#socket.send(text);
    return true;
  }

  leave() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  async #open() {
    this.#events.state("Connecting …");
    let ticket;
    try {
      ticket = await this.#account.ticket();
    } catch (problem) {
      if (problem.isFinal) this.#end(problem.message);
      else this.#openLater(problem.message);
      return;
    }
    if (this.#isOver) return;
    const address = new URL("/chat", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("ticket", ticket);
    // A server that is older than the newest profile takes the other one.
    const offered = this.#profile === V1 ? [V1] : [this.#profile, V1];
    this.#socket = new WebSocket(address, offered);
    this.#socket.addEventListener("open", () => this.#opened());
    this.#socket.addEventListener("message", (event) => this.#received(event.data));
    this.#socket.addEventListener("close", (event) => this.#closed(event));
  }

  #opened() {
    this.#wait = FIRST_WAIT;
    const profile = this.#socket.protocol;
    this.#events.noted("connection", "opened", JSON.stringify({ profile }));
    this.#events.opened(profile);
  }

  #received(text) {
    this.#events.noted("received", typeOf(text), text);
    const packet = parsed(text);
    if (packet?.payload && !this.#isOver) this.#events.packet(packet);
  }

  #closed({ code, reason, wasClean }) {
    this.#events.noted("connection", "closed", JSON.stringify({ code, reason, clean: wasClean }));
    if (this.#isOver) return;
    if (code === 1000) this.#end("The connection was closed.");
    else if (code === 4001) this.#openRenewed();
    else if (code === 4003) this.#end("This account is suspended.");
    else this.#openLater(`Closed with ${code}`);
  }

  async #openRenewed() {
    try {
      await this.#account.renew();
    } catch (problem) {
      if (problem.isFinal) this.#end("The session is over: log in again.");
      else this.#openLater(problem.message);
      return;
    }
    if (!this.#isOver) this.#open();
  }

  /** Waits twice as long each time, and never as long as others do. */
  #openLater(why) {
    if (this.#isOver) return;
    const wait = this.#wait * (0.5 + Math.random());
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    this.#events.state(`${why}; trying again in ${Math.ceil(wait / 1000)} s`);
    this.#timer = setTimeout(() => this.#open(), wait);
  }

  #end(why) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.ended(why);
  }
}

function typeOf(text) {
  const type = parsed(text)?.type;
  return typeof type === "string" ? type : "(no type)";
}
