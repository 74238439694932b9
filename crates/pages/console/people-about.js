// The fields of the member's own profile that are one text or one code each.

import { element } from "./dom.js";
import { checkbox, failure, labeled, showError } from "./people-form.js";
import { choice } from "./view.js";

/** Nigeria, whose states are in the reference data. */
const NIGERIA = "NG";

const NONE = ["", "none"];

/** The fields that a change sends, by their names in the API. */
const TEXTS = ["preferred_name", "headline", "bio", "country", "state", "city", "industry", "slug"];

export class About {
  #own;
  #form;
  #indexing = checkbox("Search engines may index it", { name: "allow_indexing" });
  /** The profile from which the fields were filled. */
  #read = {};

  constructor(own) {
    this.#own = own;
    const { names } = own;
    const codes = (kind, name) => choice([NONE, ...names.choices(kind)], "", { name });
    const input = (name, attributes = {}) => element("input", { name, autocomplete: "off", ...attributes });
    this.#form = element(
      "form",
      { class: "form", "aria-label": "About me", novalidate: true },
      labeled("Headline", input("headline"), { isWide: true, hint: "What you do, in a line: up to 120 characters" }),
      labeled("About me", element("textarea", { name: "bio", rows: "4" }), { isWide: true, hint: "Up to 1,000 characters" }),
      labeled("Country", codes("countries", "country")),
      labeled("State", codes("states", "state"), { hint: "In Nigeria" }),
      labeled("City", input("city")),
      labeled("Industry", codes("industries", "industry")),
      labeled("Preferred name", input("preferred_name"), { hint: "Replaces your given names, and shares a name with them" }),
      labeled("Address of your public page", input("slug", { autocapitalize: "none", spellcheck: "false" }), { hint: "Such as fatima-bello; there is a page once your name is public" }),
      this.#indexing.field,
      failure(),
      element("div", { class: "actions wide" }, element("button", { type: "submit", class: "primary" }, "Save")),
    );
    this.root = element("section", { class: "block" }, element("h3", {}, "About me"), this.#form);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#control("country").addEventListener("change", () => this.#limitState());
  }

  #control(name) {
    return this.#form.elements.namedItem(name);
  }

  /** A state is in Nigeria: elsewhere there is none to choose. */
  #limitState() {
    const state = this.#control("state");
    state.disabled = this.#control("country").value !== NIGERIA;
    if (state.disabled) state.value = "";
  }

  /** Fills the fields with the profile. What the member has written and not saved stays. */
  update(profile) {
    const written = this.#changes();
    const before = this.#read;
    this.#read = profile;
    for (const name of TEXTS) {
      const newest = profile[name] ?? "";
      if (!Object.hasOwn(written, name)) this.#control(name).value = newest;
      else if (newest !== (before[name] ?? "") && newest !== (written[name] ?? "")) {
        showError(this.#form, name, `Saved elsewhere meanwhile: ${newest || "nothing"}.`);
      }
    }
    if (!Object.hasOwn(written, "allow_indexing")) this.#indexing.control.checked = profile.allow_indexing ?? false;
    this.#limitState();
  }

  /** What the fields say that the profile does not: a merge patch. */
  #changes() {
    const changes = {};
    for (const name of TEXTS) {
      const value = this.#control(name).value;
      if (value !== (this.#read[name] ?? "")) changes[name] = value === "" ? null : value;
    }
    const mayIndex = this.#indexing.control.checked;
    if (mayIndex !== (this.#read.allow_indexing ?? false)) changes.allow_indexing = mayIndex;
    return changes;
  }

  #save() {
    return this.#own.save(this.#form, {
      method: "PATCH",
      path: "/me/profile",
      body: this.#changes(),
      // The server has the final form of a text.
      saved: (profile) => this.#fill(profile),
    });
  }

  #fill(profile) {
    this.#read = profile;
    for (const name of TEXTS) this.#control(name).value = profile[name] ?? "";
    this.#indexing.control.checked = profile.allow_indexing ?? false;
    this.#limitState();
  }
}
