// What the pages of the console have in common: dates, numbers, badges, tables, lists in pages.

import { element } from "./dom.js";

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

export const number = (value) => NUMBER.format(value ?? 0);

/** `1 line`, `2 lines`. */
export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export const time = (text) => (text ? TIME.format(new Date(text)) : "");

export const day = (text) => (text ? DAY.format(new Date(text)) : "");

/** `3 days`: the largest unit alone. */
export function duration(seconds) {
  const size = Math.abs(seconds);
  const [name, unit] = UNITS.find(([, unit]) => size >= unit) ?? UNITS.at(-1);
  return counted(Math.round(size / unit), name);
}

export function bytes(size) {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${Math.round(size / 1024)} KB`;
  return `${(size / 1024 / 1024).toFixed(1)} MB`;
}

/** `kind` is `good`, `bad`, `due` or nothing. */
export const badge = (text, kind = "") => element("span", { class: `badge ${kind}` }, text);

/** Names and values; those without a value are left out. */
export function facts(entries) {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of entries) {
    if (value === undefined || value === null || value === "") continue;
    list.append(element("dt", {}, name), element("dd", {}, value));
  }
  return list;
}

/** A row of a table. Cells are texts or elements; a heading that is an array is one of numbers. */
export function row(headings, cells) {
  return element(
    "tr",
    {},
    ...cells.map((cell, at) => {
      const heading = headings[at];
      const isNumber = Array.isArray(heading);
      const attributes = { class: isNumber && "number", "data-label": isNumber ? heading[0] : heading };
      return element("td", attributes, cell ?? "");
    }),
  );
}

/** A table that scrolls by itself, or is a list of cards on a phone. `rows` are elements. */
export function table(label, headings, rows, attributes = {}) {
  const head = headings.map((heading) =>
    element("th", { scope: "col", class: Array.isArray(heading) && "number" }, ...[heading].flat()),
  );
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    element("table", attributes, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
  );
}

/** The same, of rows of cells. */
export const tableOf = (label, headings, rows, attributes) =>
  table(label, headings, rows.map((cells) => row(headings, cells)), attributes);

/** A button that cannot be pressed again while it works. */
export function button(text, work, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await work();
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** A choice: `[value, text]` each. */
export function choice(options, value = "", attributes = {}) {
  const list = element("select", attributes);
  for (const [own, text] of options) list.append(element("option", { value: own }, text));
  list.value = value;
  return list;
}

/** A field with its label. */
export const field = (label, control, attributes = {}) => element("label", attributes, label, control);

/** Whether the window has no room for two columns, as the styles have it. */
export const isNarrow = () => matchMedia("(max-width: 56rem)").matches;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Has the browser keep a file. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  link.click();
  // The browser has begun by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Leaves out what is empty: a query string with its question mark, or nothing. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : "";
}

/** A list of the API in pages: draws each item, and a button for the next page. */
export class Pages {
  #read;
  #draw;
  #cursor = null;
  #reading = 0;

  /** `read(cursor)` resolves to a page, `draw(item)` makes what goes into `target`; `failed(problem)` shows what went
   *  wrong. */
  constructor(target, { read, draw, empty, failed }) {
    this.target = target;
    this.#read = read;
    this.#draw = draw;
    this.empty = element("p", { class: "empty", hidden: true }, empty);
    this.more = button("More", () => this.#next().catch(failed));
    this.foot = element("div", { class: "more", hidden: true }, this.more);
  }

  /** Begins anew. */
  async load() {
    this.#cursor = null;
    await this.#next(true);
  }

  async #next(isFirst = false) {
    const reading = ++this.#reading;
    const { items, next_cursor } = await this.#read(this.#cursor);
    // A later request has overtaken this one.
    if (reading !== this.#reading) return;
    if (isFirst) this.target.replaceChildren();
    this.target.append(...items.map(this.#draw));
    this.#cursor = next_cursor;
    this.foot.hidden = !next_cursor;
    this.empty.hidden = this.target.childElementCount > 0;
  }
}
