// One side of the console: a person, their rooms, and the room that is open.

import { Account } from "./api.js";
import { Connection, V1 } from "./connection.js";
import { element } from "./dom.js";
import { Room } from "./room.js";

/** How many rooms are shown, the most recently active. */
const ROOMS = 30;
/** How many members of a room are known by name. */
const MEMBERS = 50;

export class Pane {
  #side;
  #title;
  #part;
  #events;
  #account = null;
  #me = null;
  #connection = null;
  /** What the server speaks with this side; until it said so, what is asked for. */
  #profile;
  /** The rooms as the API lists them, by id. */
  #rooms = new Map();
  #names = new Map();
  #online = new Set();
  /** The list of rooms that is being read, and whether it must be read again after that. */
  #loading = null;
  #loadAgain = false;
  #room;
  /** The other side; to be set once both are there. */
  other = null;

  /** `events` are `noted(direction, type, text)`, and `changed()` when what can be sent may have. */
  constructor(side, title, part, events) {
    this.#side = side;
    this.#title = title;
    this.#part = part;
    this.#events = events;
    this.#profile = part.profile.value;
    this.#room = new Room(part, {
      send: (type, payload) => this.#send(type, payload),
      nameOf: (id) => this.#nameOf(id),
      isMe: (id) => id === this.#me?.uuid,
      isV2: () => this.#profile !== V1,
    });
    part.title.textContent = title;
    part.title.id = `${side}-title`;
    part.logIn.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#logIn();
    });
    part.logOut.addEventListener("click", () => this.#logOut());
    part.profile.addEventListener("change", () => this.#changeProfile());
    part.reload.addEventListener("click", () => {
      this.#rooms.clear();
      this.loadRooms();
    });
    part.newRoom.addEventListener("click", () => this.#openDirectRoom());
    this.#state("Not logged in");
    this.otherChanged();
  }

  get profile() {
    return this.#profile;
  }

  get isConnected() {
    return this.#connection?.isOpen ?? false;
  }

  get person() {
    return this.#me;
  }

  /** What a packet by hand is most likely about. */
  get context() {
    return this.#room.context;
  }

  sendText(text) {
    return this.#connection?.sendText(text) ?? false;
  }

  #send(type, payload) {
    if (type === "message-send") this.#notice("");
    return this.#connection?.send(type, payload) ?? false;
  }

  /** A user logged in or out on the other side. */
  otherChanged() {
    const other = this.other?.person;
    this.#part.newRoom.disabled = !other || other.uuid === this.#me?.uuid;
  }

  async #logIn() {
    const { email, password, otp, otpField, enter } = this.#part;
    enter.disabled = true;
    this.#notice("");
    try {
      this.#account = await Account.logIn({
        email: email.value,
        password: password.value,
        otp: otp.value,
        device: `Chat console, ${this.#side}`,
      });
      this.#me = await this.#account.ask("GET", "/me");
    } catch (problem) {
      this.#account = null;
      this.#notice(problem.message);
      if (problem.slug === "otp-required") {
        otpField.hidden = false;
        otp.focus();
      }
      return;
    } finally {
      enter.disabled = false;
    }
    password.value = otp.value = "";
    otpField.hidden = true;
    this.#show();
    const account = this.#account;
    await this.loadRooms();
    // They may have logged out meanwhile.
    if (account && this.#account === account) this.#connect();
  }

  async #logOut() {
    const account = this.#account;
    this.#leave();
    try {
      await account.logOut();
    } catch (problem) {
      this.#notice(problem.message);
    }
  }

  /** Back to the form. */
  #leave() {
    this.#connection?.leave();
    this.#connection = this.#account = this.#me = null;
    this.#rooms.clear();
    this.#names.clear();
    this.#online.clear();
    this.#room.close();
    this.#state("Not logged in");
    this.#show();
  }

  #show() {
    const { logIn, chat, logOut, who } = this.#part;
    const isIn = this.#me !== null;
    logIn.hidden = isIn;
    chat.hidden = logOut.hidden = !isIn;
    who.textContent = isIn ? this.#nameOf(this.#me.uuid) : "";
    this.#events.changed();
  }

  #changeProfile() {
    this.#profile = this.#part.profile.value;
    if (this.#connection) this.#connect();
    this.#events.changed();
  }

  #connect() {
    this.#connection?.leave();
    this.#connection = new Connection(this.#account, this.#part.profile.value, {
      opened: (profile) => this.#opened(profile),
      packet: (packet) => this.#take(packet),
      state: (text) => this.#state(text),
      ended: (why) => {
        this.#leave();
        this.#notice(why);
      },
      noted: this.#events.noted,
    });
  }

  #opened(profile) {
    this.#profile = profile;
    this.#state(`Connected, ${profile}`, true);
    this.#connection.send("chat-join", { notice: "join" });
    this.#room.connected();
    this.#events.changed();
  }

  #state(text, isOn = false) {
    const { state } = this.#part;
    state.textContent = text;
    state.classList.toggle("on", isOn);
    this.#events.changed();
  }

  #notice(text) {
    const { notice } = this.#part;
    notice.textContent = text;
    notice.hidden = text === "";
  }

  #take({ type, payload }) {
    switch (type) {
      case "message-receive":
        return this.#heard(payload);
      case "chat-join-notify":
        return this.#cameOrWent(payload.participant_id, true);
      case "chat-leave":
        return this.#cameOrWent(payload.participant_id, false);
      case "read-notify":
        return this.#read(payload);
      case "room-notify":
        return this.#roomChanged(payload);
      case "member-notify":
        return payload.change === "role-changed" ? undefined : this.loadRooms();
      case "token-expiring":
        return this.#renewToken();
      case "error":
        this.#room.refused(payload);
        return this.#notice(`${payload.code}: ${payload.message}`);
      default:
        return this.#room.take(type, payload);
    }
  }

  #heard(message) {
    const room = this.#rooms.get(message.room_id);
    if (!room) return this.loadRooms();
    room.last_seq = Math.max(room.last_seq ?? 0, message.seq ?? 0);
    const isOpen = this.#room.take("message-receive", message);
    if (!isOpen && message.sender_id !== this.#me.uuid) room.unread_count += 1;
    // The most recently active room comes first.
    this.#rooms.delete(room.uuid);
    this.#rooms = new Map([[room.uuid, room], ...this.#rooms]);
    this.#showRooms();
    return this.#events.changed();
  }

  #cameOrWent(id, isThere) {
    if (isThere) this.#online.add(id);
    else this.#online.delete(id);
    this.#showRooms();
    this.#showPresence();
  }

  /** On another device of the same person. */
  #read({ room_id, participant_id, seq }) {
    const room = this.#rooms.get(room_id);
    if (!room || participant_id !== this.#me.uuid) return;
    room.unread_count = Math.max(0, (room.last_seq ?? seq) - seq);
    this.#showRooms();
  }

  #roomChanged({ room_id, change, name }) {
    if (change === "invited") return this.#notice(`You are invited back to ${name}: see GET /me/room-invitations.`);
    if (change === "removed" && room_id === this.#room.context.room_id) this.#room.close();
    this.#rooms.delete(room_id);
    return this.loadRooms();
  }

  async #renewToken() {
    try {
      this.#connection.send("token-renew", { token: await this.#account.renew() });
    } catch (problem) {
      this.#notice(problem.message);
    }
  }

  /**
   * Reads the list of rooms again, and who is in those that are new. A caller that asks while it is being read
   * has it read once more after that: there are as many reasons as messages.
   */
  loadRooms() {
    this.#loadAgain = this.#loading !== null;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load() {
    do {
      this.#loadAgain = false;
      await this.#loadOnce();
    } while (this.#loadAgain);
    this.#loading = null;
  }

  async #loadOnce() {
    const account = this.#account;
    if (!account) return;
    try {
      const { items } = await account.ask("GET", `/rooms?limit=${ROOMS}`);
      await Promise.all(items.map((room) => this.#loadMembers(account, room)));
      if (this.#account !== account) return;
      this.#rooms = new Map(items.map((room) => [room.uuid, room]));
    } catch (problem) {
      if (this.#account === account) this.#notice(problem.message);
      return;
    }
    const open = this.#rooms.get(this.#room.context.room_id);
    if (open) {
      open.unread_count = 0;
      this.#part.roomName.textContent = this.#labelOf(open);
    }
    this.#showRooms();
    this.#showPresence();
    this.#room.redraw();
  }

  async #loadMembers(account, room) {
    const known = this.#rooms.get(room.uuid);
    if (known?.member_count === room.member_count) {
      room.members = known.members;
      return;
    }
    const { items } = await account.ask("GET", `/rooms/${room.uuid}/members?limit=${MEMBERS}`);
    room.members = items.map((member) => member.user_uuid);
    for (const { user_uuid, firstname, lastname, online } of items) {
      this.#names.set(user_uuid, `${firstname} ${lastname}`);
      if (online) this.#online.add(user_uuid);
      else this.#online.delete(user_uuid);
    }
  }

  async #openDirectRoom() {
    try {
      const body = { kind: "direct", member_ids: [this.other.person.uuid] };
      const account = this.#account;
      const room = await account.ask("POST", "/rooms", body);
      await Promise.all([this.loadRooms(), this.other.loadRooms()]);
      if (!this.#rooms.has(room.uuid)) {
        // One of long ago, behind those that are listed.
        await this.#loadMembers(account, room);
        this.#rooms.set(room.uuid, room);
      }
      this.#openRoom(this.#rooms.get(room.uuid));
    } catch (problem) {
      this.#notice(problem.message);
    }
  }

  #openRoom(room) {
    room.unread_count = 0;
    this.#notice("");
    this.#room.open(room.uuid, this.#labelOf(room));
    this.#showRooms();
    this.#showPresence();
    this.#events.changed();
  }

  #showRooms() {
    const { rooms, noRooms } = this.#part;
    const focused = rooms.contains(document.activeElement)
      ? document.activeElement.dataset.room
      : undefined;
    rooms.replaceChildren(...[...this.#rooms.values()].map((room) => this.#entryOf(room)));
    noRooms.hidden = this.#rooms.size > 0;
    if (focused) rooms.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();
  }

  #entryOf(room) {
    const isOpen = room.uuid === this.#room.context.room_id;
    const button = element(
      "button",
      { type: "button", "data-room": room.uuid, "aria-current": isOpen ? "true" : false },
      element("span", { class: this.#isThere(room) ? "dot on" : "dot", "aria-hidden": "true" }),
      element("span", { class: "name" }, this.#labelOf(room)),
    );
    if (room.unread_count > 0) {
      const unread = element("span", { class: "unread" }, String(room.unread_count));
      unread.append(element("span", { class: "hidden" }, " unread"));
      button.append(unread);
    }
    button.addEventListener("click", () => this.#openRoom(room));
    return element("li", {}, button);
  }

  #othersIn(room) {
    return (room.members ?? []).filter((id) => id !== this.#me.uuid);
  }

  #isThere(room) {
    return this.#othersIn(room).some((id) => this.#online.has(id));
  }

  /** A group's name, or who else is in a direct room. */
  #labelOf(room) {
    return room.name ?? this.#othersIn(room).map((id) => this.#nameOf(id)).join(", ");
  }

  #nameOf(id) {
    if (id === this.#me?.uuid) return `${this.#me.firstname} ${this.#me.lastname}`;
    return this.#names.get(id) ?? `${id.slice(0, 8)}…`;
  }

  #showPresence() {
    const room = this.#rooms.get(this.#room.context.room_id);
    if (!room) return;
    const here = this.#othersIn(room).filter((id) => this.#online.has(id));
    const names = here.slice(0, 3).map((id) => this.#nameOf(id)).join(", ");
    const more = here.length > 3 ? ` and ${here.length - 3} more` : "";
    this.#part.presence.textContent = here.length > 0 ? `${names}${more} online` : "No one else online";
  }
}
