// The skills of the member's own profile, in the member's order.

import { element } from "./dom.js";
import { failure, labeled } from "./people-form.js";

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

const named = (skills) => skills.map(({ name }) => name).join("\n");

export class Skills {
  #own;
  #text = element("textarea", { name: "skills", rows: "5" });
  /** As the profile had them. */
  #read = "";

  constructor(own) {
    this.#own = own;
    const form = element(
      "form",
      { "aria-label": "Skills", novalidate: true },
      labeled("One a line", this.#text, { hint: "Up to 30, the most important first. Others are offered a new name once three members use it." }),
      failure(),
      element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Save the skills")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(form);
    });
    this.root = element("section", { class: "block" }, element("h3", {}, "Skills"), form);
  }

  /** What is written and not saved stays. */
  update({ skills = [] }) {
    if (this.#text.value === this.#read) this.#fill(skills);
    else this.#read = named(skills);
  }

  #fill(skills) {
    this.#text.value = this.#read = named(skills);
  }

  #save(form) {
    return this.#own.save(form, {
      method: "PUT",
      path: "/me/profile/skills",
      body: { skills: lines(this.#text.value) },
      saved: ({ items }) => this.#fill(items),
    });
  }
}
