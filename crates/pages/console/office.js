// The alumni office's page: the three areas of work, and which of them is shown.

import { Claims } from "./office-claims.js";
import { Imports } from "./office-imports.js";
import { Invitations } from "./office-invitations.js";
import { Shell, View } from "./shell.js";

/** Each area, and the permission without which the API refuses its lists. */
const AREAS = {
  imports: [Imports, "can_import_alumni"],
  claims: [Claims, "can_verify_alumni"],
  invitations: [Invitations, "can_create_invitation"],
};

class Office extends Shell {
  #areas = {};
  #shown = null;
  #view = null;

  constructor() {
    super("Alumni office's page");
    addEventListener("hashchange", () => this.#route());
  }

  async prepare() {
    const held = await this.ask("GET", "/me/permissions");
    const permissions = new Set(held.items.map((one) => one.permission));
    this.#areas = {};
    for (const [name, [Area, permission]] of Object.entries(AREAS)) {
      if (permissions.has(permission)) this.#areas[name] = new Area(this);
    }
    for (const link of this.part.areas.children) link.hidden = !(link.dataset.area in this.#areas);
  }

  entered() {
    this.#route();
  }

  left() {
    this.#shown = null;
    this.#close();
    this.part.list.replaceChildren();
  }

  /** Shows what the address names: an area, and what is open in it. */
  #route() {
    if (!this.me) return;
    const names = Object.keys(this.#areas);
    if (names.length === 0) {
      this.notice("This account has none of the office's permissions: ask an administrator for the group alumni_office_group.");
      this.part.inside.hidden = true;
      return;
    }
    const [asked, id] = location.hash.slice(1).split("/");
    const name = names.includes(asked) ? asked : names[0];
    this.markArea(name);
    const area = this.#areas[name];
    if (this.#shown !== area) {
      this.#shown = area;
      this.part.list.replaceChildren();
      area.list(this.part.list);
    }
    this.#open(name, name === asked ? id : undefined);
  }

  #open(name, id) {
    this.#close();
    this.notice("");
    this.part.inside.toggleAttribute("data-open", Boolean(id));
    this.markOpen(id);
    const view = new View(this, `#${name}`);
    this.#view = view;
    this.part.detail.replaceChildren(view.root);
    this.#areas[name].open(view, id);
    // A screen reader continues in what was opened.
    if (id) this.part.detail.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  #close() {
    if (this.#view) this.#view.isOpen = false;
    this.#view = null;
    this.part.detail.replaceChildren();
  }

  go(hash) {
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }
}

new Office();
