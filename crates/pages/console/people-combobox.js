// A text field with suggestions: the combobox of the ARIA patterns, with a listbox.

import { element } from "./dom.js";

/** How long typing must pause before suggestions are asked for, in milliseconds. */
const PAUSE = 150;

let lists = 0;

export class Combobox {
  #input;
  #read;
  #choose;
  #say;
  #list;
  #options = [];
  #active = -1;
  #timer = 0;
  #asked = 0;

  /** `read(text)` resolves to options, `{text, note}` each; `choose(option)` takes one; `say(text)` announces. */
  constructor(input, { read, choose, say }) {
    this.#input = input;
    this.#read = read;
    this.#choose = choose;
    this.#say = say;
    const id = `suggestions-${++lists}`;
    this.#list = element("ul", { role: "listbox", id, class: "suggestions", "aria-label": "Suggestions", hidden: true });
    this.root = element("div", { class: "combobox" }, input, this.#list);
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false", autocomplete: "off" };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#pressed(event));
    input.addEventListener("blur", () => this.close());
  }

  /** Closes the list, and forgets what was asked for. */
  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#draw([]);
  }

  #typed() {
    clearTimeout(this.#timer);
    if (this.#input.value.trim() === "") return this.close();
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  async #ask() {
    const asked = ++this.#asked;
    let options = [];
    try {
      options = await this.#read(this.#input.value.trim());
    } catch (problem) {
      // The search itself shows why it is refused.
      if (problem.status === undefined) throw problem;
    }
    if (asked !== this.#asked) return;
    this.#draw(options);
    if (options.length) this.#say(options.length === 1 ? "1 suggestion" : `${options.length} suggestions`);
  }

  #draw(options) {
    this.#options = options;
    this.#list.replaceChildren(...options.map((option, at) => this.#option(option, at)));
    this.#list.hidden = options.length === 0;
    this.#input.setAttribute("aria-expanded", options.length > 0);
    this.#move(-1);
  }

  #option({ text, note }, at) {
    const made = element(
      "li",
      { role: "option", id: `${this.#list.id}-${at}`, "aria-selected": "false" },
      element("span", {}, text),
      element("span", { class: "quiet small" }, note),
    );
    // The focus stays in the field.
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", () => this.#take(at));
    return made;
  }

  #move(to) {
    this.#active = to;
    for (const [at, option] of [...this.#list.children].entries()) option.setAttribute("aria-selected", at === to);
    const active = this.#list.children[to];
    if (active) {
      this.#input.setAttribute("aria-activedescendant", active.id);
      active.scrollIntoView({ block: "nearest" });
    } else {
      this.#input.removeAttribute("aria-activedescendant");
    }
  }

  #pressed(event) {
    const count = this.#options.length;
    if (count === 0) {
      if (event.key === "ArrowDown" && this.#input.value.trim()) this.#ask();
      return;
    }
    if (event.key === "ArrowDown") this.#move((this.#active + 1) % count);
    else if (event.key === "ArrowUp") this.#move((Math.max(this.#active, 0) + count - 1) % count);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.#active >= 0) this.#take(this.#active);
    else return;
    event.preventDefault();
  }

  #take(at) {
    const option = this.#options[at];
    this.close();
    this.#choose(option);
  }
}
