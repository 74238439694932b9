// Imports of the register: the list, one import with its verdicts, and the decision about it.

import { element, uuid } from "./dom.js";
import { Upload } from "./office-upload.js";
import { Pages, badge, bytes, button, counted, duration, facts, number, query, row, save, sleep, table, tableOf, time } from "./view.js";

/** How often a running task is asked how far it is, in milliseconds. */
const POLL = 1_000;

const STATES = {
  uploaded: ["waiting"],
  judging: ["being judged"],
  judged: ["to be decided", "due"],
  committing: ["being committed"],
  committed: ["committed", "good"],
  rolling_back: ["being rolled back"],
  rolled_back: ["rolled back"],
  failed: ["failed", "bad"],
  discarded: ["discarded"],
};

/** The verdicts in the order in which the office reads them, and whether lines with them are left out. */
const VERDICTS = {
  ready: ["New", "The register has no such record: a commit adds one."],
  will_update: ["Update", "A record differs: a commit changes it. What the office or the graduate has changed by hand stays."],
  unchanged: ["Unchanged", "The register has it already."],
  conflict: ["Conflict", "Several records fit, or a record with this number has another name. A commit leaves these lines out."],
  unknown_value: ["Unknown value", "A department, programme or degree is not in the reference data. A commit leaves these lines out."],
  malformed: ["Malformed", "The line cannot be read as a graduate. A commit leaves these lines out."],
  duplicate_in_file: ["Duplicate in the file", "An earlier line of the file says the same. A commit leaves these lines out."],
};

/** A commit leaves lines with these out; they stay for the report. */
const LEFT_OUT = ["conflict", "unknown_value", "malformed", "duplicate_in_file"];

const LINE = [["Line"], "Graduate", "Matric number", "Award", "Remarks"];

/** States of tasks that do not go on. */
const ENDED = ["done", "failed", "canceled"];

const isRunning = (state) => ["judging", "committing", "rolling_back"].includes(state);

export class Imports {
  #office;
  #pages;
  /** Files of this visit by the ids of their imports, so that one can be judged again with another mapping. */
  #files = new Map();

  constructor(office) {
    this.#office = office;
  }

  list(target) {
    const entries = element("ul", { class: "entries" });
    this.#pages = new Pages(entries, {
      read: (cursor) => this.#office.ask("GET", `/admin/imports${query({ limit: 20, cursor })}`),
      draw: (item) => element("li", {}, this.#entry(item)),
      empty: "No file was imported yet.",
      failed: (problem) => this.#office.notice(problem),
    });
    target.replaceChildren(
      element(
        "header",
        { class: "head" },
        element("h2", {}, "Imports"),
        element("span", { class: "quiet" }),
        element("button", { type: "button", class: "primary" }, "New import"),
      ),
      entries,
      this.#pages.empty,
      this.#pages.foot,
    );
    target.querySelector("button").addEventListener("click", () => this.#office.go("#imports/new"));
    this.#reload();
  }

  async #reload() {
    try {
      await this.#pages.load();
      this.#office.markOpen();
    } catch (problem) {
      this.#office.notice(problem);
    }
  }

  #entry(item) {
    const [state, kind] = STATES[item.state] ?? [item.state];
    return element(
      "a",
      { href: `#imports/${item.uuid}` },
      element("strong", {}, item.file_name),
      badge(state, kind),
      element("span", { class: "quiet" }, [time(item.created_at), item.lines > 0 && counted(item.lines, "line")].filter(Boolean).join(" · ")),
    );
  }

  open(view, id) {
    if (!id) return this.#welcome(view);
    if (id === "new") return new Upload(this.#office, view, (done, file) => this.#uploaded(done, file)).show();
    return this.#show(view, id);
  }

  #welcome(view) {
    view.show(
      "Import a file of graduates",
      element("p", {}, "An import goes in three steps. Nothing in the register changes before the third."),
      element(
        "ol",
        { class: "steps" },
        element("li", {}, "Upload a CSV file and say which column holds what."),
        element("li", {}, "Read the verdicts: each line is new, an update, unchanged, or left out for a reason."),
        element("li", {}, "Commit or discard. A commit can be rolled back for 30 days."),
      ),
    );
  }

  #uploaded(done, file) {
    this.#files.set(done.uuid, file);
    this.#office.go(`#imports/${done.uuid}`);
    this.#reload();
  }

  async #show(view, id) {
    while (view.isOpen) {
      const item = await view.attempt(() => this.#office.ask("GET", `/admin/imports/${id}`));
      if (!item || !view.isOpen) return;
      const task = await this.#task(item);
      // A task may have ended since the import was read.
      const goesOn = isRunning(item.state) || (task !== null && !ENDED.includes(task.state));
      this.#draw(view, item, goesOn, task);
      if (!goesOn) return;
      await this.#follow(view, item);
      this.#reload();
    }
  }

  /** The newest task about an import; null where there is none to see. */
  async #task({ task_uuid }) {
    if (!task_uuid) return null;
    try {
      return await this.#office.ask("GET", `/tasks/${task_uuid}`);
    } catch {
      return null;
    }
  }

  /** Shows a task's progress until it ends. */
  async #follow(view, item) {
    const bar = element("progress", { max: "1", "aria-label": "Progress" });
    const text = element("p", { class: "quiet" }, "Waiting …");
    view.root.querySelector(".working").replaceChildren(bar, text);
    while (view.isOpen) {
      await sleep(POLL);
      const task = await this.#task(item);
      if (!task || ENDED.includes(task.state)) return;
      if (task.total) bar.value = task.done / task.total;
      else bar.removeAttribute("value");
      text.textContent = progressText(task);
    }
  }

  #draw(view, item, goesOn, task) {
    const [state, kind] = STATES[item.state] ?? [item.state];
    view.show(
      item.file_name,
      element("p", {}, badge(state, kind)),
      facts([
        ["Uploaded", time(item.created_at)],
        ["Size", [bytes(item.bytes), item.lines > 0 && counted(item.lines, "line")].filter(Boolean).join(", ")],
        ["Read as", item.encoding && `${item.encoding.toUpperCase()}, ${delimiterName(item.delimiter)}`],
        ["Legal basis", item.legal_basis],
        ["Committed", time(item.committed_at)],
        ["Roll-back until", time(item.rollback_until)],
        ["Failure", item.failure ?? task?.failure],
      ]),
      element("div", { class: "working", role: "status" }),
      element("div", { class: "actions" }, ...(goesOn ? this.#stopping(view, item) : this.#decisions(view, item))),
    );
    this.#office.say(`The import is ${state}.`);
    if (goesOn) return;
    if (item.state === "judged" && item.unknown_values.length) view.root.append(...this.#unknown(view, item));
    this.#verdicts(view, item);
  }

  #stopping(view, item) {
    if (!item.task_uuid) return [];
    const stop = () => view.attempt(() => this.#office.ask("DELETE", `/tasks/${item.task_uuid}`));
    return [button("Stop", stop)];
  }

  #decisions(view, item) {
    const made = [];
    const changed = item.counts.ready + item.counts.will_update;
    const again = button("Judge again", () => this.#judge(view, item), { title: "After the register or the reference data have changed" });
    const discard = button("Discard", () => this.#discard(view, item), { class: "danger" });
    if (item.state === "uploaded") made.push(again, discard);
    if (item.state === "failed") made.push(discard);
    if (item.state === "judged") {
      const commit = button(`Commit ${counted(changed, "line")}`, () => this.#commit(view, item), { class: "primary" });
      commit.disabled = changed === 0;
      made.push(commit, again, discard);
    }
    if (item.rollback_until) made.push(button("Roll back", () => this.#rollBack(view, item), { class: "danger" }));
    const hasReport = ["judged", "committed"].includes(item.state);
    if (hasReport && LEFT_OUT.some((verdict) => item.counts[verdict] > 0)) {
      made.push(button("Download the lines left out", () => this.#errors(view, item)));
    }
    return made;
  }

  async #judge(view, item) {
    const begun = await view.attempt(() => this.#start(`/admin/imports/${item.uuid}/judge`));
    if (begun && view.isOpen) this.#show(view, item.uuid);
  }

  async #commit(view, item) {
    const { ready, will_update, unchanged } = item.counts;
    const left = item.lines - ready - will_update - unchanged;
    const yes = await this.#office.confirm({
      title: "Commit this import?",
      text: `${counted(ready, "record")} will be added and ${number(will_update)} changed. ${counted(left, "line")} will be left out.`,
      yes: "Commit",
    });
    if (!yes) return;
    await this.#step(view, item, "commit");
  }

  async #rollBack(view, item) {
    const yes = await this.#office.confirm({
      title: "Roll this import back?",
      text: "Records that it added are removed, and those that it changed get their former values.",
      yes: "Roll back",
      isDangerous: true,
    });
    if (yes) await this.#step(view, item, "rollback");
  }

  /** A conflict names the rows that changed since; a roll-back can skip them. */
  async #step(view, item, step) {
    const path = `/admin/imports/${item.uuid}/${step}`;
    try {
      await this.#start(path);
    } catch (problem) {
      if (problem.status !== 409 || step !== "rollback") return this.#office.notice(problem);
      const skip = await this.#office.confirm({
        title: "Some records cannot be rolled back",
        text: `${problem.message} Roll back the others?`,
        yes: "Skip those",
        isDangerous: true,
      });
      if (!skip) return;
      await view.attempt(() => this.#start(`${path}?skip=true`));
    }
    if (view.isOpen) this.#show(view, item.uuid);
    this.#reload();
  }

  #start(path) {
    return this.#office.call("POST", path, { headers: { "Idempotency-Key": uuid() } });
  }

  async #discard(view, item) {
    const yes = await this.#office.confirm({
      title: "Discard this import?",
      text: "The file and its verdicts are deleted. The register stays as it is.",
      yes: "Discard",
      isDangerous: true,
    });
    if (!yes) return;
    await view.attempt(() => this.#office.ask("DELETE", `/admin/imports/${item.uuid}`));
    this.#reload();
    if (view.isOpen) this.#show(view, item.uuid);
  }

  async #errors(view, item) {
    const file = await view.attempt(() => this.#office.file("GET", `/admin/imports/${item.uuid}/errors.csv`));
    if (file) save(file, `${item.file_name.replace(/\.[^.]*$/, "")}-left-out.csv`);
  }

  #unknown(view, item) {
    const again = button("Say what they mean", () => new Upload(this.#office, view, (done, file) => this.#uploaded(done, file)).again(item, this.#files.get(item.uuid)), { class: "primary" });
    return [
      element("h3", {}, "Values that the reference data does not have"),
      tableOf(
        "Unknown values",
        ["Field", "Value in the file", "Remark", ["Lines"]],
        item.unknown_values.slice(0, 100).map(({ field, problem, value, lines }) => [fieldName(field), value, problem === "ambiguous" ? "means several" : "", number(lines)]),
      ),
      element("div", { class: "actions" }, again),
    ];
  }

  #verdicts(view, item) {
    const { counts } = item;
    const kept = item.state === "judged" ? Object.keys(VERDICTS) : item.state === "committed" ? LEFT_OUT : [];
    const known = kept.filter((verdict) => counts[verdict] > 0);
    if (known.length === 0) return;
    const lines = table("Lines with this verdict", LINE, [], { class: "stack" });
    const meaning = element("p", { class: "quiet small", role: "status" });
    let verdict = known[0];
    const pages = new Pages(lines.querySelector("tbody"), {
      read: (cursor) => this.#office.ask("GET", `/admin/imports/${item.uuid}/rows${query({ state: verdict, limit: 50, cursor })}`),
      draw: lineOf,
      empty: "No line has this verdict.",
      failed: (problem) => this.#office.notice(problem),
    });
    const tabs = known.map((name) => {
      const tab = element("button", { type: "button", "data-verdict": name, title: VERDICTS[name][1] }, VERDICTS[name][0], element("b", {}, number(counts[name])));
      tab.addEventListener("click", () => choose(name));
      return tab;
    });
    const choose = (name) => {
      verdict = name;
      meaning.textContent = VERDICTS[name][1];
      for (const tab of tabs) tab.setAttribute("aria-pressed", tab.dataset.verdict === name);
      return view.attempt(() => pages.load());
    };
    view.root.append(
      element("h3", {}, item.state === "committed" ? "Lines that were left out" : "Verdicts"),
      element("div", { class: "tabs", role: "group", "aria-label": "Verdict" }, ...tabs),
      meaning,
      lines,
      pages.empty,
      pages.foot,
    );
    choose(verdict);
  }
}

function lineOf(line) {
  return row(LINE, [
    number(line.line),
    [line.surname, line.given_names].filter(Boolean).join(", "),
    line.matric,
    [line.degree, line.department ?? line.programme, line.year].filter(Boolean).join(", "),
    remarks(line),
  ]);
}

/** Why the line has its verdict, and what it would change. */
function remarks(line) {
  const list = element("ul");
  for (const reason of line.reasons ?? []) list.append(element("li", {}, reason.text));
  for (const [name, { before, after }] of Object.entries(line.diff?.changed ?? {})) {
    list.append(element("li", {}, `${fieldName(name)}: `, before == null ? "none" : element("del", {}, String(before)), ` → ${after ?? "none"}`));
  }
  for (const name of Object.keys(line.diff?.kept ?? {})) list.append(element("li", {}, `${fieldName(name)} was changed by hand and stays`));
  return list.childElementCount ? list : "";
}

export function fieldName(field) {
  const words = String(field).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const delimiterName = (delimiter) =>
  ({ ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" })[delimiter] ?? delimiter;

function progressText({ phase, done, total, unit, eta_seconds }) {
  const size = total ? `${number(done)} of ${number(total)} ${unit ?? ""}` : done ? `${number(done)} ${unit ?? ""}` : "";
  const rest = eta_seconds ? `about ${duration(eta_seconds)} left` : "";
  return [phase, size.trim(), rest].filter(Boolean).join(" · ") || "Waiting …";
}
