// The room that is open on one side: its messages, who types, and what is being written.

import { element, uuid } from "./dom.js";

/** Messages asked for at a time. */
const PAGE = 30;
/** While the user goes on typing, the notice is said again this often; the server forgets it after ten seconds. */
const SAY_AGAIN = 4000;
/** After so long without a key they have stopped. */
const STOPPED = 5000;

export class Room {
  #part;
  #side;
  #id = null;
  #messages = [];
  /** Which page of history is on its way: "newest", "earlier" or none. */
  #asked = null;
  /** How many pages are on their way that no request waits for any more, by room. */
  #late = new Map();
  /** What came in since the newest page was asked for, which may or may not hold it. */
  #since = [];
  #typing = new Set();
  #saidTyping = 0;
  #stopTimer = 0;

  /** `side` are `send(type, payload)`, `nameOf(id)`, `isMe(id)` and `isV2()`. */
  constructor(part, side) {
    this.#part = part;
    this.#side = side;
    // The label must be the text's own, on both sides.
    part.text.id = `text-${uuid()}`;
    part.textLabel.htmlFor = part.text.id;
    part.earlier.addEventListener("click", () => this.#ask("earlier"));
    part.text.addEventListener("input", () => this.#typed());
    part.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      part.composer.requestSubmit();
    });
    part.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
  }

  get context() {
    const newest = this.#messages.at(-1);
    return {
      room_id: this.#id ?? undefined,
      message_id: newest?.message_id,
      seq: newest?.seq,
      last_seq: newest?.seq,
    };
  }

  open(id, name) {
    this.#stopTyping();
    this.#forget();
    this.#id = id;
    this.#part.roomName.textContent = name;
    this.#part.room.hidden = false;
    this.redraw();
    this.#ask("newest");
    this.#part.text.focus();
  }

  close() {
    clearTimeout(this.#stopTimer);
    this.#forget();
    this.#id = null;
    this.#part.text.value = "";
    this.#part.room.hidden = true;
  }

  /** Whatever happened while there was no connection is in the newest page. */
  connected() {
    this.#asked = null;
    this.#late.clear();
    this.#typing.clear();
    this.#showTyping();
    if (this.#id) this.#ask("newest");
  }

  /** An error came: if it answers a request for a page, no request waits for that any more. */
  refused({ request_type, room_id }) {
    if (request_type !== "list-message-request" || this.#isLate(room_id)) return;
    if (room_id === this.#id) this.#asked = null;
  }

  /** Takes in a packet; whether it was about this room. */
  take(type, payload) {
    if (type === "list-message-response" && this.#isLate(payload.room_id)) return true;
    if (!this.#id || payload.room_id !== this.#id) return false;
    switch (type) {
      case "message-receive":
        this.#heard(payload);
        break;
      case "list-message-response":
        this.#took(payload);
        break;
      case "typing-notify":
        this.#typing[payload.is_typing ? "add" : "delete"](payload.participant_id);
        this.#showTyping();
        break;
      case "message-updated":
        this.#changed(payload, (message) => {
          Object.assign(message, payload);
          if (payload.deleted) delete message.reactions;
        });
        break;
      case "reaction-notify":
        this.#changed(payload, (message) => react(message, payload));
        break;
      default:
    }
    return true;
  }

  redraw() {
    const { messages, scroller } = this.#part;
    messages.replaceChildren(...this.#messages.map((message) => this.#line(message)));
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** Pages come in the order in which they were asked for; whether the next one is late, which it is once. */
  #isLate(room) {
    const late = this.#late.get(room) ?? 0;
    if (late > 0) this.#late.set(room, late - 1);
    return late > 0;
  }

  /** No request waits any more for the page that is on its way, if one is. */
  #giveUpPage() {
    if (this.#asked) this.#late.set(this.#id, (this.#late.get(this.#id) ?? 0) + 1);
    this.#asked = null;
  }

  #forget() {
    this.#giveUpPage();
    this.#messages = [];
    this.#since = [];
    this.#typing.clear();
    this.#showTyping();
    this.#part.earlier.hidden = true;
    this.#part.heard.textContent = "";
  }

  #ask(page) {
    if (page === "earlier" && this.#asked) return;
    const skip = page === "earlier" ? this.#messages.length : 0;
    const request = { room_id: this.#id, limit: PAGE, skip, order: "desc" };
    if (!this.#side.send("list-message-request", request)) return;
    this.#giveUpPage();
    this.#asked = page;
    this.#since = [];
  }

  #took({ messages, total_count }) {
    const page = [...messages].reverse();
    const asked = this.#asked;
    this.#asked = null;
    if (asked === "newest") {
      this.#messages = union(page, this.#since);
      this.redraw();
      this.#markRead();
    } else if (asked === "earlier") {
      const { scroller } = this.#part;
      const below = scroller.scrollHeight - scroller.scrollTop;
      this.#messages = union(page, this.#messages);
      this.redraw();
      // What was read stays where it was.
      scroller.scrollTop = scroller.scrollHeight - below;
    }
    if (asked) this.#part.earlier.hidden = this.#messages.length >= total_count;
  }

  #heard(message) {
    if (this.#asked === "newest") this.#since.push(message);
    if (this.#messages.some((known) => keyOf(known) === keyOf(message))) return;
    this.#messages.push(message);
    this.#typing.delete(message.sender_id);
    this.#showTyping();
    const { messages, scroller, heard } = this.#part;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
    messages.append(this.#line(message));
    if (atEnd || this.#side.isMe(message.sender_id)) scroller.scrollTop = scroller.scrollHeight;
    if (!this.#side.isMe(message.sender_id)) {
      heard.textContent = `${this.#side.nameOf(message.sender_id)}: ${message.message}`;
    }
    this.#markRead();
  }

  /** Changes one of the messages, unless what is shown is newer. */
  #changed({ message_id, revision }, change) {
    const message = this.#messages.find((known) => known.message_id === message_id);
    if (!message || (revision ?? 0) < (message.revision ?? 0)) return;
    change(message);
    message.revision = revision ?? message.revision;
    const at = this.#messages.indexOf(message);
    this.#part.messages.children[at]?.replaceWith(this.#line(message));
  }

  #markRead() {
    const seq = this.#messages.at(-1)?.seq;
    if (seq !== undefined && this.#side.isV2()) {
      this.#side.send("read-mark", { room_id: this.#id, seq });
    }
  }

  #line(message) {
    const isMine = this.#side.isMe(message.sender_id);
    const said = message.deleted ? "This message was deleted." : message.message;
    const at = new Date(message.timestamp);
    const head = element(
      "p",
      { class: "meta" },
      element("span", { class: "author" }, isMine ? "You" : this.#side.nameOf(message.sender_id)),
      element("time", { datetime: message.timestamp, title: at.toLocaleString() }, shortTime(at)),
      message.edited_at && !message.deleted ? "edited" : "",
    );
    const line = element("li", { class: isMine ? "mine" : "theirs" }, head);
    line.append(element("p", { class: message.deleted ? "text quiet" : "text" }, said));
    if (message.reactions?.length) {
      const reactions = message.reactions.map(({ emoji, count }) => `${emoji} ${count}`);
      line.append(element("p", { class: "reactions" }, reactions.join("  ")));
    }
    return line;
  }

  #showTyping() {
    const names = [...this.#typing].map((id) => this.#side.nameOf(id));
    const verb = names.length === 1 ? "is" : "are";
    this.#part.typing.textContent = names.length ? `${names.join(", ")} ${verb} typing …` : "";
  }

  #typed() {
    if (this.#part.text.value === "") return this.#stopTyping();
    clearTimeout(this.#stopTimer);
    this.#stopTimer = setTimeout(() => this.#stopTyping(), STOPPED);
    const now = Date.now();
    if (now - this.#saidTyping < SAY_AGAIN) return undefined;
    this.#saidTyping = now;
    return this.#side.send("typing", { room_id: this.#id, is_typing: true });
  }

  #stopTyping() {
    clearTimeout(this.#stopTimer);
    if (this.#saidTyping === 0) return;
    this.#saidTyping = 0;
    this.#side.send("typing", { room_id: this.#id, is_typing: false });
  }

  #say() {
    const { text } = this.#part;
    const payload = { room_id: this.#id, message: text.value };
    if (this.#side.isV2()) payload.client_message_id = uuid();
    this.#stopTyping();
    if (this.#side.send("message-send", payload)) text.value = "";
  }
}

/** What tells messages apart; profile v1 gives them no id. */
function keyOf({ message_id, sender_id, timestamp, message }) {
  return message_id ?? `${sender_id} ${timestamp} ${message}`;
}

/** All of the first list, and what only the second has. */
function union(first, second) {
  const known = new Set(first.map(keyOf));
  return [...first, ...second.filter((message) => !known.has(keyOf(message)))];
}

function react(message, { emoji, count }) {
  const reactions = message.reactions ?? [];
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (known) known.count = count;
  else reactions.push({ emoji, count });
  message.reactions = reactions.filter((reaction) => reaction.count > 0);
}

function shortTime(at) {
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
