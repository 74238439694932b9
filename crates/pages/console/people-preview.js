// The member's own profile as others see it.

import { element } from "./dom.js";
import { profileOf } from "./people-profile.js";
import { button } from "./view.js";

/** Each audience, what it is called, and when it sees the profile. */
const AUDIENCES = {
  alumni: ["Graduates", "Verified graduates", "once you are verified and the directory lists you"],
  connection: ["Connections", "Your connections", "once you have connections"],
  public: ["Everyone", "Everyone", "once your name is public and your page has an address"],
};

export class Preview {
  #people;
  #view;
  #audience = "alumni";
  #tabs;
  #shown = element("div", { class: "seen", role: "region", "aria-label": "Preview", "aria-live": "polite" });
  #asked = 0;

  constructor(people, view) {
    this.#people = people;
    this.#view = view;
    this.#tabs = Object.entries(AUDIENCES).map(([audience, [name]]) =>
      button(name, () => this.#choose(audience), { "data-as": audience }),
    );
    this.root = element(
      "section",
      { class: "block preview" },
      element("h3", {}, "As others see it"),
      element("div", { class: "tabs", role: "group", "aria-label": "Look as" }, ...this.#tabs),
      this.#shown,
    );
  }

  #choose(audience) {
    this.#audience = audience;
    return this.show();
  }

  async show() {
    const audience = this.#audience;
    const asked = ++this.#asked;
    for (const tab of this.#tabs) tab.setAttribute("aria-pressed", tab.dataset.as === audience);
    const content = await this.#view.attempt(() => this.#content(audience));
    if (content && asked === this.#asked) this.#shown.replaceChildren(...content);
  }

  async #content(audience) {
    const [, who, when] = AUDIENCES[audience];
    try {
      const profile = await this.#people.ask("GET", `/me/profile?as=${audience}`);
      const state = profile.shown ? `${who} can see this now.` : `${who} will see this ${when}.`;
      return [
        element("p", { class: profile.shown ? "small shown" : "small" }, state),
        element("p", { class: "name" }, profile.name),
        ...profileOf(profile, this.#people.names),
      ];
    } catch (problem) {
      // There is no public page of a profile whose name is not public.
      if (problem.status !== 404) throw problem;
      return [element("p", { class: "small" }, `${who} will see a page ${when}.`)];
    }
  }
}
