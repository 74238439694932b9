// Who sees what of the member's profile, and whether the directory lists the member.

import { element } from "./dom.js";
import { failure, showFailure, submit } from "./people-form.js";
import { choice, row, table } from "./view.js";

const LEVELS = {
  public: "everyone",
  alumni: "verified graduates",
  connections: "connections",
  only_me: "only me",
};

/** Fields whose names in the API are not the words of the page. */
const NAMES = {
  registry_name: "Name in the register",
  bio: "About me",
  employer: "Present employer",
  title: "Present title",
  links: "Web addresses",
  email: "E-mail address",
  phone: "Telephone",
  matric_number: "Matriculation number",
};

/** The field of a profile in words. */
const fieldName = (field) => NAMES[field] ?? (field.charAt(0).toUpperCase() + field.slice(1)).replaceAll("_", " ");

const HEADINGS = ["Field", "Who sees it", "What that means now"];

const CHANGED_ELSEWHERE =
  "Your profile was changed elsewhere meanwhile, so nothing was changed here. The page shows the newest now: look at it, and decide again.";

export class Privacy {
  #people;
  #view;
  #etag;
  #isListed = false;
  #last = Promise.resolve();
  #fields = [];
  #selects = new Map();
  #listed = element("input", { type: "checkbox", role: "switch", name: "listed", "aria-describedby": "listed-means" });
  #means = element("p", { class: "quiet small", id: "listed-means" });
  #effects = element("ul", { class: "effects", role: "status" });
  #table = table("Who sees which field", HEADINGS, [], { class: "stack" });
  #listing;
  #levels;

  constructor(people, view) {
    this.#people = people;
    this.#view = view;
    this.#listing = this.#form(
      "Listing",
      element("label", { class: "check switch" }, this.#listed, "The directory lists me"),
      this.#means,
      failure(),
    );
    this.#levels = this.#form(
      "Levels",
      this.#table,
      failure(),
      element(
        "div",
        { class: "actions" },
        element("button", { type: "submit", class: "primary" }, "Apply the levels"),
        element("button", { type: "reset" }, "Undo the choice"),
      ),
      this.#effects,
    );
    // The consent is one switch, which applies at once.
    this.#listed.addEventListener("change", () => this.#list());
    this.#levels.addEventListener("submit", () => this.#apply());
    this.#levels.addEventListener("reset", () => this.#drawFields());
  }

  #form(label, ...content) {
    const form = element("form", { "aria-label": label, novalidate: true }, ...content);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  async open() {
    if (!(await this.#read())) return;
    this.#view.show(
      "Privacy",
      this.#listing,
      element("p", { class: "quiet" }, "Each level includes those after it: everyone, verified graduates, connections, only me."),
      this.#levels,
    );
  }

  async #read() {
    const answer = await this.#view.attempt(() => this.#people.call("GET", "/me/privacy"));
    if (!answer || !this.#view.isOpen) return false;
    this.#keep(answer);
    return true;
  }

  #keep({ document, etag }) {
    this.#etag = etag;
    this.#fields = document.fields;
    this.#isListed = this.#listed.checked = document.listed;
    this.#means.textContent = document.listed
      ? "Verified graduates find you by what you show them. Switching it off applies at once."
      : "No search finds you, and only your connections see your profile.";
    this.#drawFields();
  }

  #drawFields() {
    this.#selects.clear();
    const rows = this.#fields.map(({ field, level, allowed, effect }) => {
      const name = fieldName(field);
      const made = row(HEADINGS, [name, this.#level(field, level, allowed), effect]);
      made.dataset.field = field;
      return made;
    });
    this.#table.querySelector("tbody").replaceChildren(...rows);
  }

  #level(field, level, allowed) {
    if (allowed.length < 2) return `${LEVELS[level]} (fixed)`;
    const options = Object.entries(LEVELS).filter(([name]) => allowed.includes(name));
    const select = choice(options, level, { name: field, "aria-label": `Who sees ${fieldName(field)}` });
    this.#selects.set(field, select);
    return select;
  }

  async #list() {
    const listed = this.#listed.checked;
    if (await this.#change(this.#listing, { listed })) {
      this.#people.say(listed ? "The directory lists you." : "The directory does not list you.");
    }
    this.#listed.checked = this.#isListed;
  }

  async #apply() {
    const levels = {};
    for (const { field, level } of this.#fields) {
      const chosen = this.#selects.get(field)?.value ?? level;
      if (chosen !== level) levels[field] = chosen;
    }
    this.#effects.replaceChildren();
    if (Object.keys(levels).length === 0) return showFailure(this.#levels, "Choose another level for a field first.");
    const answer = await this.#change(this.#levels, { levels });
    if (answer) this.#effects.replaceChildren(...answer.document.changed.map(effectOf));
  }

  /** One change after the other, each in the version that the one before has made. Resolves to the answer, or to
   *  undefined where it was refused. */
  #change(form, body) {
    const answer = this.#last.then(() => this.#put(form, body));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #put(form, body) {
    const headers = { "If-Match": this.#etag };
    let isStale = false;
    const answer = await submit(form, async () => {
      try {
        return await this.#people.call("PUT", "/me/privacy", { body, headers });
      } catch (problem) {
        isStale = problem.status === 412;
        throw problem;
      }
    });
    if (answer && this.#view.isOpen) this.#keep(answer);
    if (isStale && (await this.#read())) showFailure(form, CHANGED_ELSEWHERE);
    return answer;
  }
}

/** What a change did, in the server's words. */
const effectOf = ({ field, before, level, effect }) =>
  element(
    "li",
    { "data-changed": field },
    element("strong", {}, fieldName(field)),
    `: ${LEVELS[before]} → ${LEVELS[level]}. `,
    effect,
  );
