// The page "People" of members: the directory, their own profile, and who sees what of it.

import { element } from "./dom.js";
import { Names } from "./people-names.js";
import { Own } from "./people-own.js";
import { Privacy } from "./people-privacy.js";
import { profileOf } from "./people-profile.js";
import { Search } from "./people-search.js";
import { Shell, View } from "./shell.js";
import { isNarrow } from "./view.js";

const OWN = { profile: Own, privacy: Privacy };

class People extends Shell {
  names = null;
  #search = null;
  #view = null;

  constructor() {
    super("People's page");
    addEventListener("hashchange", () => this.#route());
  }

  async prepare() {
    this.names = new Names(this);
    await this.names.need("departments", "countries");
    this.#search = new Search(this);
  }

  entered() {
    this.#route();
  }

  left() {
    this.#close();
    this.#search?.clear();
    this.#search = null;
  }

  /** Shows what the address names: the directory with a profile or without, or what is the member's own. */
  #route() {
    if (!this.me) return;
    const [asked, id] = location.hash.slice(1).split("/");
    const isOwn = Object.hasOwn(OWN, asked);
    const area = isOwn ? asked : "search";
    const left = this.part.detail.contains(document.activeElement) && this.part.list.querySelector("[aria-current]");
    this.markArea(area);
    this.notice("");
    this.#close();
    this.part.directory.hidden = isOwn;
    this.part.own.hidden = !isOwn;
    this.#view = new View(this, "#search");
    if (isOwn) this.#openOwn(area);
    else this.#openProfile(id);
    if (isOwn || (id && isNarrow())) scrollTo(0, 0);
    // Back from a profile, the list goes on at its card.
    else if (left && !id) left.focus();
  }

  #openOwn(area) {
    this.part.own.replaceChildren(this.#view.root);
    new OWN[area](this, this.#view).open();
    // A screen reader continues in what was opened.
    this.part.own.focus({ preventScroll: true });
  }

  async #openProfile(id) {
    const { directory, detail } = this.part;
    const view = this.#view;
    directory.toggleAttribute("data-open", Boolean(id));
    this.part.split.toggleAttribute("data-open", Boolean(id));
    this.markOpen(id);
    detail.replaceChildren(view.root);
    if (!id) {
      view.show("Find a graduate", ...welcome());
      return;
    }
    detail.focus({ preventScroll: true });
    const profile = await view.attempt(async () => {
      await this.names.need(...Names.OF_PROFILES);
      return this.ask("GET", `/profiles/${encodeURIComponent(id)}`);
    });
    if (!profile) return;
    const own = profile.uuid === this.me.uuid ? [element("p", { class: "quiet" }, "This is you. Others may see less: My profile shows what.")] : [];
    view.show(profile.name, ...own, ...profileOf(profile, this.names));
  }

  #close() {
    if (this.#view) this.#view.isOpen = false;
    this.#view = null;
    this.part.detail.replaceChildren();
    this.part.own.replaceChildren();
  }

  go(hash) {
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }
}

/** What stands in the place of a profile. */
const welcome = () => [
  element("p", {}, "Begin with a year or a department: names are common. Other spellings and typing errors do not matter."),
  element("p", { class: "quiet" }, "A card and a profile have what their member shows to verified graduates."),
];

new People();
