// Lists of the member's own profile: work, education outside the university, web addresses.

import { element } from "./dom.js";
import { checkbox, failure, labeled } from "./people-form.js";
import { educationEntry, link, workEntry } from "./people-profile.js";
import { button, choice } from "./view.js";

const LINKS = ["website", "linkedin", "github", "facebook", "instagram", "x", "youtube", "orcid", "scholar", "other"];

const LINK_NAMES = { linkedin: "LinkedIn", github: "GitHub", x: "X", youtube: "YouTube", orcid: "ORCID", scholar: "Google Scholar" };

const linkName = (kind) => LINK_NAMES[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1);

const input = (name, attributes = {}) => element("input", { name, autocomplete: "off", ...attributes });

/** A month, such as `2019-07`, also where the browser has no field for one. */
const monthOf = (name) => input(name, { type: "month", placeholder: "2019-07" });

const yearOf = (name) => input(name, { inputmode: "numeric", placeholder: "2016" });

const text = (form, name) => form.elements.namedItem(name).value.trim() || null;

/** A number; a text that is none goes to the server as it is, which names the rule. */
function whole(form, name) {
  const value = text(form, name);
  return /^\d+$/.test(value ?? "") ? Number(value) : value;
}

/** `fields` makes the controls, `body` reads them, and `line` shows an entry. */
const WORK = {
  title: "Work",
  one: "work",
  list: "experiences",
  fields: () => [
    labeled("Title", input("title"), { hint: "Such as Data engineer" }),
    labeled("Employer", input("employer"), { hint: "Empty for work on your own account" }),
    labeled("First month", monthOf("started")),
    labeled("Last month", monthOf("ended")),
    checkbox("It goes on", { name: "is_current" }).field,
  ],
  body: (form) => ({
    title: text(form, "title") ?? "",
    employer: text(form, "employer"),
    started: text(form, "started"),
    ended: text(form, "ended"),
    is_current: form.elements.namedItem("is_current").checked,
  }),
  values: ({ employer, ...rest }) => ({ ...rest, employer: employer?.name }),
  line: workEntry,
};

const EDUCATION = {
  title: "Education outside the university",
  one: "education",
  list: "educations",
  fields: () => [
    labeled("Institution", input("institution")),
    labeled("Degree", input("degree")),
    labeled("Field of study", input("field")),
    labeled("From", yearOf("from_year")),
    labeled("To", yearOf("to_year")),
  ],
  body: (form) => ({
    institution: text(form, "institution") ?? "",
    degree: text(form, "degree"),
    field: text(form, "field"),
    from_year: whole(form, "from_year"),
    to_year: whole(form, "to_year"),
  }),
  values: (education) => education,
  line: educationEntry,
};

const ON_THE_WEB = {
  title: "On the web",
  one: "web address",
  list: "links",
  fields: () => [
    labeled("Kind", choice(LINKS.map((kind) => [kind, linkName(kind)]), LINKS[0], { name: "kind" })),
    labeled("Address", input("url", { type: "text", inputmode: "url", autocapitalize: "none", spellcheck: "false", placeholder: "https://" })),
  ],
  body: (form) => ({ kind: form.elements.namedItem("kind").value, url: text(form, "url") ?? "" }),
  values: (entry) => entry,
  line: ({ kind, url }) => [element("strong", {}, linkName(kind)), element("span", { class: "quiet" }, link(url))],
};

export class Entries {
  static KINDS = [WORK, EDUCATION, ON_THE_WEB];

  #own;
  #kind;
  #list = element("ul", { class: "lines" });
  #add;
  /** The form that is open, and the id of its entry: null for a new one. */
  #form = null;
  #editing = null;
  #entries = [];

  constructor(own, kind) {
    this.#own = own;
    this.#kind = kind;
    this.#add = button(`Add ${kind.one}`, () => this.#edit(null), { "data-add": kind.list });
    this.root = element(
      "section",
      { class: "block", "data-entries": kind.list },
      element("header", { class: "head" }, element("h3", {}, kind.title), element("span", { class: "quiet" }), this.#add),
      this.#list,
    );
  }

  update(profile) {
    this.#entries = profile[this.#kind.list] ?? [];
    this.#draw();
  }

  #draw() {
    const items = this.#entries.map((entry) => {
      const isEdited = this.#form !== null && this.#editing === entry.uuid;
      return element("li", {}, ...(isEdited ? [this.#form] : this.#line(entry)));
    });
    if (this.#form !== null && !this.#entries.some(({ uuid }) => uuid === this.#editing)) {
      items.push(element("li", {}, this.#form));
    }
    if (items.length === 0) items.push(element("li", { class: "quiet" }, "None yet."));
    this.#list.replaceChildren(...items);
    this.#add.hidden = this.#form !== null;
  }

  #line(entry) {
    const text = this.#kind.line(entry);
    const name = text[0].textContent;
    return [
      element("div", {}, ...text),
      element(
        "div",
        { class: "buttons" },
        button("Edit", () => this.#edit(entry), { "aria-label": `Edit ${name}` }),
        button("Remove", () => this.#own.remove(name, this.#path(entry.uuid)), { "aria-label": `Remove ${name}` }),
      ),
    ];
  }

  #path(uuid) {
    const list = `/me/profile/${this.#kind.list}`;
    return uuid ? `${list}/${uuid}` : list;
  }

  #edit(entry) {
    const form = element(
      "form",
      { class: "form", "aria-label": entry ? `Edit ${this.#kind.one}` : `Add ${this.#kind.one}`, novalidate: true },
      ...this.#kind.fields(),
      failure(),
      element(
        "div",
        { class: "actions wide" },
        element("button", { type: "submit", class: "primary" }, entry ? "Save" : "Add"),
        button("Cancel", () => this.#close()),
      ),
    );
    for (const [name, value] of Object.entries(entry ? this.#kind.values(entry) : {})) {
      const control = form.elements.namedItem(name);
      if (control?.type === "checkbox") control.checked = value;
      else if (control && value !== undefined) control.value = value;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(form, entry?.uuid ?? null);
    });
    this.#form = form;
    this.#editing = entry?.uuid ?? null;
    this.#draw();
    form.querySelector("input, select").focus();
  }

  #save(form, uuid) {
    return this.#own.save(form, {
      method: uuid ? "PUT" : "POST",
      path: this.#path(uuid),
      body: this.#kind.body(form),
      saved: () => this.#close(),
    });
  }

  #close() {
    this.#form = this.#editing = null;
    this.#draw();
    this.#add.focus();
  }
}
