// A new import: choose a file, look at its first rows, say which column holds what.

import { element, uuid } from "./dom.js";
import { delimiterName, fieldName } from "./office-imports.js";
import { button, bytes, choice, field, number, table, tableOf } from "./view.js";

/** How much of a file the preview reads; one byte more shows that there is more. */
const BEGINNING = 64 * 1024;
const EXAMPLES = 3;
const NAME_COLUMNS = 3;

/** Fields after the names. */
const FIELDS = ["matric", "department", "programme", "degree", "year", "class_of_degree", "email", "phone", "date_of_birth"];
/** Fields that lines can do without. */
const MAY_BE_INVALID = ["class_of_degree", "email", "phone", "date_of_birth"];
/** Fields that take one value for the whole file, and their kind of reference data. */
const OF_FILE = { department: "departments", programme: "programmes", degree: "degrees", year: null };
const NEEDED = ["surname", "given_names", "full_name", "degree", "year"];

export class Upload {
  #office;
  #view;
  #done;
  #file = null;
  #preview = null;
  #mapping = {};
  /** Values of the file that the reference data lacks, from an import before. */
  #unknown = [];
  #legalBasis = "";

  constructor(office, view, done) {
    this.#office = office;
    this.#view = view;
    this.#done = done;
  }

  show() {
    const chooser = element("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv", name: "file" });
    chooser.addEventListener("change", () => this.#chosen(chooser.files[0]));
    this.rest = element("div", { class: "rest" });
    this.#view.show(
      "New import",
      element("div", { class: "form" }, field("CSV file, with the names of its columns in the first line", chooser, { class: "wide" })),
      this.rest,
    );
  }

  /** Once more with the same file and a better mapping. */
  again(item, file) {
    this.show();
    this.#unknown = item.unknown_values;
    this.#legalBasis = item.legal_basis;
    this.#mapping = item.mapping;
    if (file) return this.#chosen(file, true);
    this.rest.append(element("p", { class: "empty" }, "Choose the same file again: the page keeps files for one visit only."));
    return undefined;
  }

  async #chosen(file, keepMapping = this.#unknown.length > 0) {
    if (!file) return;
    this.#file = file;
    this.#preview = await this.#view.attempt(() => this.#office.ask("POST", "/admin/imports/preview", file.slice(0, BEGINNING + 1, "text/csv")));
    if (!this.#preview || !this.#view.isOpen) return;
    if (!keepMapping) this.#mapping = this.#preview.mapping;
    await this.#draw();
  }

  get #header() {
    return this.#preview.header;
  }

  get #sample() {
    return this.#preview.rows;
  }

  async #draw() {
    const { encoding, delimiter } = this.#preview;
    this.controls = new Map();
    const rows = this.#names();
    for (const name of FIELDS) rows.push(name in OF_FILE ? await this.#ofFile(name) : this.#plain(name));
    const mapping = table("Columns", ["Field", "Column", "First values"], rows, { class: "mapping stack" });

    const basis = element("input", { name: "legal_basis", required: true, maxlength: "300", value: this.#legalBasis });
    const form = element(
      "form",
      {},
      element("p", { class: "quiet small" }, `${this.#file.name}, ${bytes(this.#file.size)}: ${encoding?.toUpperCase() ?? ""}, columns between ${delimiterName(delimiter)}.`),
      element("h3", {}, "Which column holds what"),
      mapping,
      ...(await this.#meanings()),
      element("h3", {}, "First lines of the file"),
      tableOf("First lines", this.#header, this.#sample.slice(0, 5)),
      element("div", { class: "form" }, field("Legal basis: why the office may process these data", basis, { class: "wide" })),
      element("p", { class: "quiet small" }, "The lines are judged first. Nothing in the register changes before you commit."),
      element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Upload and judge")),
      element("div", { class: "working", role: "status" }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(form, basis.value);
    });
    this.rest.replaceChildren(form);
  }

  #columns(value, attributes = {}) {
    const options = [["", "–"], ...this.#header.map((name) => [name, name])];
    const known = this.#header.find((name) => key(name) === key(value ?? "")) ?? "";
    return choice(options, known, attributes);
  }

  /** The first values of columns, beside their choice. */
  #examples(...columns) {
    const cell = element("td", { class: "sample" });
    const draw = () => {
      const at = columns.map((column) => this.#header.indexOf(column.value)).filter((place) => place >= 0);
      const values = this.#sample.map((row) => at.map((place) => row[place] ?? "").join(" ").trim()).filter(Boolean);
      cell.textContent = values.slice(0, EXAMPLES).join(" · ");
    };
    for (const column of columns) column.addEventListener("change", draw);
    draw();
    return cell;
  }

  #row(name, label, cells, examples) {
    const id = `map-${name}`;
    const needed = NEEDED.includes(name) ? element("span", { class: "hidden" }, " (needed)") : "";
    cells[0].id = id;
    return element("tr", {}, element("th", { scope: "row" }, element("label", { for: id }, label, needed)), element("td", {}, ...cells), examples);
  }

  #names() {
    const { surname, given_names, full_name } = this.#mapping;
    const ofSurname = this.#columns(surname?.column, { name: "surname" });
    const ofGiven = Array.from({ length: NAME_COLUMNS }, (_, at) =>
      this.#columns(given_names?.columns?.[at], { name: `given_names_${at}`, "aria-label": `Given names, column ${at + 1}` }),
    );
    const ofFull = this.#columns(full_name?.column, { name: "full_name" });
    const order = choice(
      [["surname_first", "surname first"], ["surname_last", "surname last"]],
      full_name?.order ?? "surname_first",
      { name: "name_order", "aria-label": "Order of the whole name" },
    );
    onlyWith(ofFull, order);
    this.controls.set("names", () => {
      const columns = ofGiven.map((one) => one.value).filter(Boolean);
      return {
        ...(ofSurname.value && { surname: { column: ofSurname.value } }),
        ...(columns.length && { given_names: { columns } }),
        ...(ofFull.value && { full_name: { column: ofFull.value, order: order.value } }),
      };
    });
    return [
      this.#row("surname", "Surname", [ofSurname], this.#examples(ofSurname)),
      this.#row("given_names", "Given names", ofGiven, this.#examples(...ofGiven)),
      this.#row("full_name", "or whole name", [ofFull, order], this.#examples(ofFull)),
    ];
  }

  #plain(name) {
    const before = this.#mapping[name];
    const column = this.#columns(before?.column, { name });
    const cells = [column];
    let leaveOut = null;
    let order = null;
    if (name === "date_of_birth") {
      order = choice([["day_first", "7/3/1985 is in March"], ["month_first", "7/3/1985 is in July"]], before?.order ?? "day_first", { name: "date_order", "aria-label": "Order of dates" });
      cells.push(order);
    }
    if (MAY_BE_INVALID.includes(name)) {
      leaveOut = element("input", { type: "checkbox", name: `${name}_leave_out`, checked: before?.if_invalid === "leave_out" });
      cells.push(element("label", { class: "check" }, leaveOut, "ignore values that are not valid"));
    }
    onlyWith(column, ...cells.slice(1));
    this.controls.set(name, () => {
      if (!column.value) return {};
      return { [name]: { column: column.value, ...(order && { order: order.value }), ...(leaveOut?.checked && { if_invalid: "leave_out" }) } };
    });
    return this.#row(name, fieldName(name === "matric" ? "matric_number" : name), cells, this.#examples(column));
  }

  async #ofFile(name) {
    const before = this.#mapping[name];
    const column = this.#columns(before?.column, { name });
    const kind = OF_FILE[name];
    const value = kind
      ? choice(await this.#codes(kind, "or one value for all lines"), before?.value ?? "", { name: `${name}_value`, "aria-label": `${fieldName(name)} of all lines` })
      : element("input", { type: "number", min: "1962", max: "2100", placeholder: "or one year for all lines", name: `${name}_value`, "aria-label": "Year of all lines", value: before?.value ?? "" });
    const update = () => (value.hidden = column.value !== "");
    column.addEventListener("change", update);
    update();
    this.controls.set(name, () => {
      const own = column.value ? { column: column.value } : value.value ? { value: kind ? value.value : Number(value.value) } : {};
      const map = { ...before?.map, ...this.#meant(name) };
      const hasMap = column.value && Object.keys(map).length > 0;
      return Object.keys(own).length ? { [name]: { ...own, ...(hasMap && { map }) } } : {};
    });
    return this.#row(name, fieldName(name), [column, value], this.#examples(column));
  }

  async #codes(kind, none) {
    const { items } = await this.#office.reference(kind);
    return [["", none], ...items.map(({ code, name }) => [code, name])];
  }

  /** What the unknown values of an import before mean. */
  async #meanings() {
    const known = this.#unknown.filter(({ field: name }) => OF_FILE[name]);
    if (known.length === 0) return [];
    this.meanings = [];
    const rows = [];
    for (const { field: name, value, lines } of known) {
      const meant = choice(await this.#codes(OF_FILE[name], "leave these lines out"), this.#mapping[name]?.map?.[value] ?? "", { "aria-label": `Meaning of ${value}` });
      this.meanings.push({ name, value, meant });
      rows.push([fieldName(name), value, number(lines), meant]);
    }
    return [element("h3", {}, "What unknown values mean"), tableOf("Unknown values", ["Field", "Value", ["Lines"], "Means"], rows, { class: "mapping stack" })];
  }

  #meant(name) {
    const own = (this.meanings ?? []).filter((one) => one.name === name && one.meant.value);
    return Object.fromEntries(own.map(({ value, meant }) => [value, meant.value]));
  }

  async #send(form, legalBasis) {
    const mapping = Object.assign({}, ...[...this.controls.values()].map((read) => read()));
    const working = form.querySelector(".working");
    const submit = form.querySelector("[type=submit]");
    submit.disabled = true;
    const bar = element("progress", { max: "1", "aria-label": "Upload" });
    const text = element("p", { class: "quiet" }, `Uploading ${bytes(this.#file.size)} …`);
    working.replaceChildren(bar, text);
    this.#office.notice("");
    const fields = { kind: "awards", mapping: JSON.stringify(mapping), legal_basis: legalBasis, dry_run: "true" };
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append("file", this.#file);
    const answer = await this.#view.attempt(() =>
      this.#office.call("POST", "/admin/imports", { body, headers: { "Idempotency-Key": uuid() } }),
    );
    working.replaceChildren();
    submit.disabled = false;
    if (answer) this.#done(answer.document, this.#file);
  }
}

/** Shows controls only while a column is chosen. */
function onlyWith(column, ...controls) {
  const update = () => {
    for (const control of controls) control.hidden = column.value === "";
  };
  column.addEventListener("change", update);
  update();
}

/** As the server compares names of columns, nearly: it proposes names of the header itself. */
const key = (name) => name.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
