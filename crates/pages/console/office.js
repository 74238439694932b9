// The alumni office's page: log-in, the three areas of work, and which of them is shown.

import { Account, Problem } from "./api.js";
import { element, parts } from "./dom.js";
import { Claims } from "./office-claims.js";
import { Imports } from "./office-imports.js";
import { Invitations } from "./office-invitations.js";
import { button } from "./office-view.js";

/** Each area, and the permission without which the API refuses its lists. */
const AREAS = {
  imports: [Imports, "can_import_alumni"],
  claims: [Claims, "can_verify_alumni"],
  invitations: [Invitations, "can_create_invitation"],
};

const LOGGED_OUT = "logged-out";

class Office {
  #part = parts(document);
  #account = null;
  #areas = {};
  #shown = null;
  #view = null;
  #references = new Map();
  me = null;

  constructor() {
    const { logIn, logOut } = this.#part;
    logIn.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#logIn();
    });
    logOut.addEventListener("click", () => this.#logOut());
    addEventListener("hashchange", () => this.#route());
  }

  async #logIn() {
    const { email, password, otp, otpField, enter } = this.#part;
    enter.disabled = true;
    this.notice("");
    try {
      this.#account = await Account.logIn({
        email: email.value,
        password: password.value,
        otp: otp.value,
        device: "Alumni office's page",
      });
      const [me, held] = await Promise.all([this.ask("GET", "/me"), this.ask("GET", "/me/permissions")]);
      this.me = me;
      this.#allow(new Set(held.items.map((one) => one.permission)));
    } catch (problem) {
      this.#account = this.me = null;
      this.notice(problem);
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
    this.#showLogIn();
    this.#route();
  }

  #allow(permissions) {
    this.#areas = {};
    for (const [name, [Area, permission]] of Object.entries(AREAS)) {
      if (permissions.has(permission)) this.#areas[name] = new Area(this);
    }
    for (const link of this.#part.areas.children) link.hidden = !(link.dataset.area in this.#areas);
  }

  async #logOut() {
    const account = this.#account;
    this.#leave();
    this.notice("");
    await account.logOut().catch((problem) => this.notice(problem));
  }

  /** Back to the form. */
  #leave() {
    this.#account = this.me = this.#shown = null;
    this.#references.clear();
    this.#close();
    this.#part.list.replaceChildren();
    this.#showLogIn();
  }

  #showLogIn() {
    const { logIn, split, areas, person, who } = this.#part;
    const isIn = this.me !== null;
    logIn.hidden = isIn;
    split.hidden = areas.hidden = person.hidden = !isIn;
    who.textContent = isIn ? `${this.me.firstname} ${this.me.lastname}` : "";
  }

  /** Shows what the address names: an area, and what is open in it. */
  #route() {
    if (!this.me) return;
    const names = Object.keys(this.#areas);
    if (names.length === 0) {
      this.notice("This account has none of the office's permissions: ask an administrator for the group alumni_office_group.");
      this.#part.split.hidden = true;
      return;
    }
    const [asked, id] = location.hash.slice(1).split("/");
    const name = names.includes(asked) ? asked : names[0];
    for (const link of this.#part.areas.children) {
      if (link.dataset.area === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const area = this.#areas[name];
    if (this.#shown !== area) {
      this.#shown = area;
      this.#part.list.replaceChildren();
      area.list(this.#part.list);
    }
    this.#open(area, name === asked ? id : undefined);
  }

  #open(area, id) {
    const { split } = this.#part;
    this.#close();
    this.notice("");
    split.toggleAttribute("data-open", Boolean(id));
    this.markOpen(id);
    const view = new View(this, Object.keys(this.#areas).find((name) => this.#areas[name] === area));
    this.#view = view;
    this.#part.detail.replaceChildren(view.root);
    area.open(view, id);
    // A screen reader continues in what was opened.
    if (id) this.#part.detail.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  #close() {
    if (this.#view) this.#view.isOpen = false;
    this.#view = null;
    this.#part.detail.replaceChildren();
  }

  /** Marks the entry of the list that is open. */
  markOpen(id = location.hash.split("/")[1]) {
    for (const link of this.#part.list.querySelectorAll(".entries a")) {
      if (id && link.hash.endsWith(`/${id}`)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  go(hash) {
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  async ask(method, path, body) {
    return this.#loggedIn().ask(method, path, body);
  }

  async call(method, path, options) {
    return this.#loggedIn().call(method, path, options);
  }

  async file(method, path, body) {
    return this.#loggedIn().file(method, path, body);
  }

  /** Work that goes on after a log-out ends here. */
  #loggedIn() {
    if (!this.#account) throw new Problem(0, { type: LOGGED_OUT });
    return this.#account;
  }

  /** The whole list of a kind of reference data, once read. */
  reference(kind) {
    if (!this.#references.has(kind)) {
      const read = this.ask("GET", `/reference/${kind}`);
      read.catch(() => this.#references.delete(kind));
      this.#references.set(kind, read);
    }
    return this.#references.get(kind);
  }

  /** Shows what went wrong: a text, or a problem. */
  notice(problem) {
    const { notice } = this.#part;
    if (problem?.slug === LOGGED_OUT) return;
    // The session has ended: elsewhere, or by its age.
    if (problem?.status === 401 && this.me) this.#leave();
    const text = typeof problem === "string" ? problem : described(problem);
    notice.textContent = text;
    notice.hidden = text === "";
    if (text) notice.scrollIntoView({ block: "nearest" });
  }

  /** Tells a screen reader. */
  say(text) {
    this.#part.said.textContent = text;
  }

  /** Resolves to the text that was typed (`true` where none is asked for), or null if the answer is no. */
  confirm({ title, text = "", yes, label, isRequired = false, isDangerous = false }) {
    const { dialog, dialogForm, dialogTitle, dialogText, dialogField, dialogLabel, dialogInput, dialogYes } = this.#part;
    dialogTitle.textContent = title;
    dialogText.replaceChildren(...[text].flat());
    dialogYes.textContent = yes;
    dialogYes.className = isDangerous ? "danger" : "primary";
    dialogField.hidden = !label;
    dialogLabel.textContent = label ?? "";
    dialogInput.value = "";
    dialogInput.required = Boolean(label) && isRequired;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      const closed = () => {
        dialogForm.removeEventListener("submit", noted);
        resolve(dialog.returnValue === "yes" ? (label ? dialogInput.value.trim() : true) : null);
      };
      const noted = (event) => (dialog.returnValue = event.submitter?.value ?? "");
      dialogForm.addEventListener("submit", noted);
      dialog.addEventListener("close", closed, { once: true });
    });
  }
}

/** What is open on the right. Work that goes on checks `isOpen`. */
class View {
  isOpen = true;

  constructor(office, area) {
    this.office = office;
    this.area = area;
    this.root = element("div", { class: "view" });
  }

  /** Replaces what is shown. */
  show(title, ...content) {
    if (!this.isOpen) return;
    const back = button("Back", () => this.office.go(`#${this.area}`), { class: "back" });
    this.root.replaceChildren(element("div", { class: "head" }, back, element("h2", {}, title)), ...content);
  }

  /** Runs work, and shows the problem if it fails. */
  async attempt(work) {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      if (this.isOpen) this.office.notice(problem);
      return undefined;
    }
  }
}

function described(problem) {
  const fields = problem.errors.map(({ pointer, message }) => `${pointer?.replace(/^\//, "") ?? ""}: ${message}`);
  return [problem.message, ...fields.filter((text) => !problem.message.includes(text.split(": ")[1]))].join(" ");
}

new Office();
