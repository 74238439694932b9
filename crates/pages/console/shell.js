// What the pages with a log-in share: the log-in, requests with its tokens, notices and questions.

import { Account, Problem } from "./api.js";
import { element, parts } from "./dom.js";
import { button } from "./view.js";

const LOGGED_OUT = "logged-out";

/** A page extends it by `entered` and `left`. Its document has the parts that these methods name. */
export class Shell {
  part = parts(document);
  me = null;
  #device;
  #account = null;
  #references = new Map();

  /** `device` names the page in the list of the account's log-ins. */
  constructor(device) {
    this.#device = device;
    this.part.logIn.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#logIn();
    });
    this.part.logOut.addEventListener("click", () => this.#logOut());
  }

  /** Prepares what is shown after a log-in; the log-in fails with it. */
  async prepare() {}

  /** Shows the page after a log-in. */
  entered() {}

  /** Forgets everything of the account. */
  left() {}

  async #logIn() {
    const { email, password, otp, otpField, enter } = this.part;
    enter.disabled = true;
    this.notice("");
    try {
      this.#account = await Account.logIn({
        email: email.value,
        password: password.value,
        otp: otp.value,
        device: this.#device,
      });
      const me = await this.ask("GET", "/me");
      await this.prepare();
      this.me = me;
    } catch (problem) {
      this.#account = null;
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
    this.entered();
  }

  async #logOut() {
    const account = this.#account;
    this.#leave();
    this.notice("");
    await account.logOut().catch((problem) => this.notice(problem));
  }

  /** Back to the form. */
  #leave() {
    this.#account = this.me = null;
    this.#references.clear();
    this.left();
    this.#showLogIn();
  }

  #showLogIn() {
    const { logIn, inside, areas, person, who } = this.part;
    const isIn = this.me !== null;
    logIn.hidden = isIn;
    inside.hidden = areas.hidden = person.hidden = !isIn;
    who.textContent = isIn ? `${this.me.firstname} ${this.me.lastname}` : "";
  }

  /** Marks the link of the area that is shown. */
  markArea(name) {
    for (const link of this.part.areas.children) {
      if (link.dataset.area === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Marks the entry of a list that is open. */
  markOpen(id = location.hash.split("/")[1]) {
    for (const link of this.part.list.querySelectorAll(".entries a")) {
      if (id && link.hash.endsWith(`/${id}`)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  ask(method, path, body) {
    return this.#asMember((account) => account.ask(method, path, body));
  }

  call(method, path, options) {
    return this.#asMember((account) => account.call(method, path, options));
  }

  file(method, path, body) {
    return this.#asMember((account) => account.file(method, path, body));
  }

  /** Work that goes on after a log-out ends here. */
  async #asMember(request) {
    if (!this.#account) throw new Problem(0, { type: LOGGED_OUT });
    try {
      return await request(this.#account);
    } catch (problem) {
      // The session has ended: elsewhere, or by its age.
      if (problem.status === 401 && this.me) {
        this.#leave();
        this.notice(problem);
      }
      throw problem;
    }
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
    const { notice } = this.part;
    if (problem?.slug === LOGGED_OUT) return;
    const text = typeof problem === "string" ? problem : described(problem);
    notice.textContent = text;
    notice.hidden = text === "";
    if (text) notice.scrollIntoView({ block: "nearest" });
  }

  /** Announces a text to screen readers. */
  say(text) {
    this.part.said.textContent = text;
  }

  /** Resolves to the text that was typed (`true` where none is asked for), or null if the answer is no. */
  confirm({ title, text = "", yes, label, isRequired = false, isDangerous = false }) {
    const { dialog, dialogForm, dialogTitle, dialogText, dialogField, dialogLabel, dialogInput, dialogYes } = this.part;
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

/** What is open. Work that goes on checks `isOpen`. */
export class View {
  isOpen = true;
  root = element("div", { class: "view" });

  /** `back` is the address of the list, which a phone shows in turn. */
  constructor(shell, back) {
    this.shell = shell;
    this.back = back;
  }

  /** Replaces what is shown. */
  show(title, ...content) {
    if (!this.isOpen) return;
    const back = button("Back", () => (location.hash = this.back), { class: "back" });
    this.root.replaceChildren(element("div", { class: "head" }, back, element("h2", {}, title)), ...content);
  }

  /** Runs work, and shows the problem if it fails. */
  async attempt(work) {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      if (this.isOpen) this.shell.notice(problem);
      return undefined;
    }
  }
}

function described(problem) {
  const fields = problem.errors.map(
    ({ pointer, parameter, message }) => `${pointer?.replace(/^\//, "") ?? parameter ?? ""}: ${message}`,
  );
  return [problem.message, ...fields.filter((text) => !problem.message.includes(text.split(": ")[1]))].join(" ");
}
