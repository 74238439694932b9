// The directory: the form, what narrows a search, and cards in pages.

import { element } from "./dom.js";
import { Combobox } from "./people-combobox.js";
import { clearErrors, failure, labeled, showError, submit } from "./people-form.js";
import { Pages, badge, button, choice, isNarrow, number, query } from "./view.js";

/** The year before which the university awarded nothing. */
const FIRST_YEAR = 1962;

/** What results are counted by, in the order in which it is offered. */
const FACETS = { year: "Year", department: "Department", country: "Country", industry: "Industry" };

/** Other filters that a search can have, chosen among suggestions. */
const GROWN = { employer: "Employer", skill: "Skill" };

const ORDERS = [["", "best match"], ["name", "name"], ["-year", "newest class first"], ["year", "oldest class first"]];

/** What a wrong parameter is a part of. */
const FIELDS = { year_from: "year", year_to: "year" };

/** What would narrow a search with too many results. */
function adviceOf({ narrow = [] }) {
  const wanted = narrow.map((facet) => (FACETS[facet] ?? facet).toLowerCase()).join(" or a ");
  return wanted && `Too many members match: those of exactly this name come first. Add a ${wanted}.`;
}

export class Search {
  #people;
  #form;
  #year;
  #department;
  #name;
  #order;
  #suggestions;
  #chips = element("ul", { class: "chips", "aria-label": "Filters", hidden: true });
  #narrow = element("div", { class: "narrow", hidden: true });
  #summary = element("span", { class: "quiet" }, "Nothing is searched for yet");
  #entries = element("ul", { class: "entries" });
  #pages;
  /** Filters beyond the fields: `{parameter, value, name}` each. */
  #filters = [];
  /** The parameters of the search that is shown, as pairs. */
  #asked = [];

  constructor(people) {
    this.#people = people;
    this.#form = people.part.finder;
    this.#drawForm();
    this.#pages = new Pages(this.#entries, {
      read: (cursor) => this.#read(cursor),
      draw: (card) => this.#card(card),
      empty: "No member matches. Try fewer words, another spelling, or leave the year or the department out.",
      failed: (problem) => people.notice(problem),
    });
    people.part.list.replaceChildren(
      element("header", { class: "head" }, element("h2", {}, "Results"), this.#summary),
      this.#narrow,
      this.#entries,
      this.#pages.empty,
      this.#pages.foot,
    );
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#search();
    };
    this.#form.onreset = () => {
      this.#filters = [];
      this.#drawChips();
      clearErrors(this.#form);
    };
  }

  /** Forgets what was searched and found. */
  clear() {
    this.#suggestions.close();
    this.#form.replaceChildren();
    this.#people.part.list.replaceChildren();
  }

  #drawForm() {
    const { names } = this.#people;
    const years = element("datalist", { id: "years" });
    for (let year = new Date().getFullYear(); year >= FIRST_YEAR; year--) years.append(element("option", { value: year }));
    const departments = element("datalist", { id: "departments" });
    for (const [, name] of names.choices("departments")) departments.append(element("option", { value: name }));
    this.#year = element("input", { name: "year", list: "years", autocomplete: "off", maxlength: "12" });
    this.#department = element("input", { name: "department", list: "departments", autocomplete: "off", maxlength: "100" });
    this.#name = element("input", { name: "q", maxlength: "100", spellcheck: "false" });
    this.#order = choice(ORDERS, "", { name: "sort" });
    this.#suggestions = new Combobox(this.#name, {
      read: (text) => this.#suggest(text),
      choose: (option) => option.take(),
      say: (text) => this.#people.say(text),
    });
    this.#form.replaceChildren(
      labeled("Year of graduation", this.#year, { hint: "Such as 2015, or 2010-2015" }),
      labeled("Department", this.#department, { hint: "Choose it from the list" }),
      labeled("Name", this.#name, { hint: "In any order and spelling", around: this.#suggestions.root }),
      labeled("Order", this.#order),
      element(
        "div",
        { class: "actions" },
        element("button", { type: "submit", class: "primary" }, "Search"),
        element("button", { type: "reset" }, "Clear"),
      ),
      this.#chips,
      failure(),
      years,
      departments,
    );
  }

  async #suggest(text) {
    const { names } = this.#people;
    const { names: words, people, employers, skills } = await this.#people.ask("GET", `/alumni/suggest${query({ q: text })}`);
    const filter = (parameter) => ({ uuid, name }) => ({
      text: name,
      note: GROWN[parameter].toLowerCase(),
      take: () => this.#filterInstead(parameter, uuid, name),
    });
    return [
      ...words.map((word) => ({ text: word, note: "name", take: () => this.#complete(word) })),
      ...people.map(({ uuid, name, set, department }) => ({
        text: name,
        note: [names.of("departments", department), set].filter(Boolean).join(", "),
        take: () => this.#people.go(`#search/${uuid}`),
      })),
      ...employers.map(filter("employer")),
      ...skills.map(filter("skill")),
    ];
  }

  /** Puts a whole word in the place of its beginning. */
  #complete(word) {
    this.#name.value = this.#name.value.trim().replace(/\S*$/, word);
    this.#search();
  }

  /** What was typed is no name: it becomes a filter. */
  #filterInstead(parameter, value, name) {
    this.#name.value = "";
    this.#filter(parameter, value, name);
  }

  /** Narrows the search by one more value. */
  #filter(parameter, value, name) {
    if (parameter === "year") this.#year.value = value;
    else if (parameter === "department") this.#department.value = name;
    else if (!this.#filters.some((one) => one.parameter === parameter && one.value === value)) {
      this.#filters.push({ parameter, value, name });
      this.#drawChips();
    }
    this.#search();
  }

  #drawChips() {
    const label = ({ parameter, name }) => `${FACETS[parameter] ?? GROWN[parameter]}: ${name}`;
    const chip = (filter) => {
      const remove = () => {
        this.#filters = this.#filters.filter((one) => one !== filter);
        this.#drawChips();
        return this.#search();
      };
      return element("li", {}, button(`${label(filter)} ×`, remove, { "aria-label": `Remove ${label(filter)}` }));
    };
    this.#chips.replaceChildren(...this.#filters.map(chip));
    this.#chips.hidden = this.#filters.length === 0;
  }

  /** The parameters that the fields say; null where one of them says nothing that can be searched. */
  #parameters() {
    const asked = [];
    const [year, department] = [this.#year.value.trim(), this.#department.value.trim()];
    const years = /^(\d{4})(?:\s*[-–]\s*(\d{4}))?$/.exec(year);
    if (years) asked.push(...(years[2] ? [["year_from", years[1]], ["year_to", years[2]]] : [["year", years[1]]]));
    else if (year) return this.#refuse("year", "Write a year such as 2015, or the first and the last one such as 2010-2015.");
    const code = this.#people.names.find("departments", department);
    if (department && !code) return this.#refuse("department", "There is no such department: choose one of the list.");
    if (code) asked.push(["department", code]);
    if (this.#name.value.trim()) asked.push(["q", this.#name.value.trim()]);
    if (this.#order.value) asked.push(["sort", this.#order.value]);
    for (const { parameter, value } of this.#filters) asked.push([parameter, value]);
    return asked;
  }

  #refuse(field, text) {
    showError(this.#form, field, text);
    this.#form.elements.namedItem(field).focus();
    return null;
  }

  async #search() {
    this.#suggestions.close();
    this.#people.go("#search");
    await submit(this.#form, async () => {
      const asked = this.#parameters();
      if (!asked) return;
      this.#asked = asked;
      // The next page of what was asked before does not belong here.
      this.#pages.foot.hidden = true;
      await this.#pages.load();
      this.#people.markOpen();
      // On a phone the form fills the window.
      if (isNarrow()) this.#people.part.list.scrollIntoView();
    }, FIELDS);
  }

  async #read(cursor) {
    const asked = this.#asked;
    const given = new Set(asked.map(([name]) => name));
    // A cursor holds for the same parameters alone, the facets among them.
    const facets = Object.keys(FACETS).filter((facet) => !given.has(facet));
    const pairs = [...asked, ["facets", facets.join(",")], ["cursor", cursor ?? ""]];
    const page = await this.#people.ask("GET", `/alumni?${new URLSearchParams(pairs.filter(([, value]) => value !== ""))}`);
    // A later search has overtaken this one.
    if (asked !== this.#asked) return page;
    const shown = (cursor ? this.#entries.childElementCount : 0) + page.items.length;
    const text = shown === 0 ? "No member matches" : `${page.next_cursor ? "The first " : ""}${number(shown)}`;
    this.#summary.textContent = shown === 0 ? "" : text;
    const advice = cursor ? "" : adviceOf(page);
    this.#people.say(`${shown === 0 ? text : `${text} ${shown === 1 ? "member" : "members"}`}. ${advice}`.trim());
    if (!cursor) this.#drawNarrow(page, advice);
    return page;
  }

  #drawNarrow({ items, narrow = [], facets = {}, facets_omitted }, advice) {
    const parts = Object.keys(FACETS)
      .filter((facet) => facets[facet]?.length > 1)
      .map((facet) => this.#facet(facet, facets[facet], narrow.includes(facet)));
    const omitted = facets_omitted && parts.length === 0 && element("p", { class: "quiet" }, "There are too many results to count.");
    this.#narrow.replaceChildren(...[advice && element("p", {}, advice), ...parts, omitted].filter(Boolean));
    this.#narrow.hidden = items.length === 0 || this.#narrow.childElementCount === 0;
  }

  /** The values of a facet, each of which one click applies. */
  #facet(facet, values, isOpen) {
    const item = ({ value, name, count }) => {
      const text = name ?? value;
      const apply = button(text, () => this.#filter(facet, value, text), { "data-facet": facet, "data-value": value });
      apply.append(" ", element("span", { class: "quiet" }, number(count)));
      return element("li", {}, apply);
    };
    return element(
      "details",
      { open: isOpen },
      element("summary", {}, FACETS[facet]),
      element("ul", { class: "chips" }, ...values.map(item)),
    );
  }

  #card({ uuid, name, set, department, headline, city, country }) {
    const { names } = this.#people;
    const place = [city, names.of("countries", country)].filter(Boolean).join(", ");
    const lines = [headline, [names.of("departments", department), place].filter(Boolean).join(" · ")];
    return element(
      "li",
      {},
      element(
        "a",
        { href: `#search/${uuid}` },
        element("strong", {}, name),
        set ? badge(`Set of ${set}`) : "",
        ...lines.filter(Boolean).map((line) => element("span", { class: "quiet" }, line)),
      ),
    );
  }
}
