// Batches of invitations: printed codes, and invitations by mail.

import { element, uuid } from "./dom.js";
import { Pages, badge, button, choice, counted, day, facts, field, number, query, save, sleep, time } from "./view.js";

/** How often a batch that is being made is looked at, in milliseconds. */
const POLL = 1_000;

export class Invitations {
  #office;
  #pages;
  /** Of departments and faculties, by kind and code. */
  #names = new Map();

  constructor(office) {
    this.#office = office;
  }

  async #readNames() {
    for (const kind of ["departments", "faculties"]) {
      const { items } = await this.#office.reference(kind);
      for (const { code, name } of items) this.#names.set(`${kind}/${code}`, name);
    }
  }

  /** Which graduates a batch is for. */
  #segment({ departments, faculties, year_from, year_to, records }) {
    const named = (kind, codes) => codes.map((code) => this.#names.get(`${kind}/${code}`) ?? code);
    const places = [...named("departments", departments), ...named("faculties", faculties)].join(", ");
    const years = year_from === year_to ? year_from : [year_from ?? "", year_to ?? ""].join("–");
    const who = places || (records ? counted(records, "chosen record") : "All departments");
    return [who, year_from || year_to ? years : ""].filter(Boolean).join(", ");
  }

  list(target) {
    const entries = element("ul", { class: "entries" });
    this.#pages = new Pages(entries, {
      read: (cursor) => this.#office.ask("GET", `/admin/invitations${query({ limit: 20, cursor })}`),
      draw: (item) => element("li", {}, this.#entry(item)),
      empty: "No invitations were made yet.",
      failed: (problem) => this.#office.notice(problem),
    });
    target.replaceChildren(
      element(
        "header",
        { class: "head" },
        element("h2", {}, "Invitations"),
        element("span", { class: "quiet" }),
        element("button", { type: "button", class: "primary" }, "New batch"),
      ),
      entries,
      this.#pages.empty,
      this.#pages.foot,
    );
    target.querySelector("button").addEventListener("click", () => this.#office.go("#invitations/new"));
    this.#reload();
  }

  async #reload() {
    try {
      await this.#readNames();
      await this.#pages.load();
      this.#office.markOpen();
    } catch (problem) {
      this.#office.notice(problem);
    }
  }

  #entry(item) {
    return element(
      "a",
      { href: `#invitations/${item.uuid}` },
      element("strong", {}, this.#segment(item)),
      badge(...stateOf(item)),
      element("span", { class: "quiet" }, `${item.channel === "email" ? "by mail" : "printed"} · ${counted(item.made, "code")} · ${number(item.accepted)} accepted`),
    );
  }

  open(view, id) {
    if (id === "new") return this.#make(view);
    if (id) return this.#show(view, id);
    return view.show(
      "Invite graduates",
      element("p", {}, "An invitation names one record of the register. Its code works once, and verifies the account of the graduate who enters it."),
      element("p", { class: "quiet" }, "Codes are printed on slips (valid for a year), or mailed to the address on record (valid for 30 days)."),
    );
  }

  async #make(view) {
    const departments = await view.attempt(() => this.#office.reference("departments"));
    if (!departments) return;
    const codes = departments.items.map(({ code, name }) => [code, name]);
    const channel = choice([["printed", "printed slips"], ["email", "mail to the address on record"]], "printed", { name: "channel" });
    const department = choice([["", "all departments"], ...codes], "", { name: "department" });
    const from = element("input", { type: "number", name: "year_from", min: "1962", max: "2100", placeholder: "first", "aria-label": "First year" });
    const to = element("input", { type: "number", name: "year_to", min: "1962", max: "2100", placeholder: "last", "aria-label": "Last year" });
    const form = element(
      "form",
      {},
      element("div", { class: "form" }, field("Channel", channel), field("Department", department), element("fieldset", {}, element("legend", {}, "Years of graduation"), element("div", { class: "range" }, from, "to", to))),
      element("p", { class: "quiet small" }, "Records that an account is linked to get no code."),
      element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Make the batch")),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = {
        channel: channel.value,
        ...(department.value && { departments: [department.value] }),
        ...(from.value && { year_from: Number(from.value) }),
        ...(to.value && { year_to: Number(to.value) }),
      };
      const made = await view.attempt(() =>
        this.#office.call("POST", "/admin/invitations", { body, headers: { "Idempotency-Key": uuid() } }),
      );
      if (!made) return;
      await this.#reload();
      this.#office.go(`#invitations/${made.document.uuid}`);
    });
    view.show("New batch of invitations", form);
  }

  async #show(view, id) {
    let wasPreparing = false;
    while (view.isOpen) {
      const item = await view.attempt(async () => {
        await this.#readNames();
        return this.#office.ask("GET", `/admin/invitations/${id}`);
      });
      if (!item || !view.isOpen) return;
      this.#draw(view, item);
      if (item.state !== "preparing") {
        if (wasPreparing) this.#reload();
        return;
      }
      wasPreparing = true;
      await sleep(POLL);
    }
  }

  #draw(view, item) {
    const actions = element("div", { class: "actions" });
    const isGood = item.state === "ready" && !item.revoked_at;
    if (item.channel === "printed" && isGood) {
      actions.append(button(item.downloaded_at ? "Download the codes again" : "Download the codes", () => this.#download(view, item), { class: "primary" }));
    }
    if (!item.revoked_at) actions.append(button("Revoke", () => this.#revoke(view, item), { class: "danger" }));
    view.show(
      this.#segment(item),
      element("p", {}, badge(...stateOf(item))),
      facts([
        ["Channel", item.channel === "email" ? "mail to the address on record" : "printed slips"],
        ["Codes", number(item.made)],
        ["Left out", item.skipped ? `${counted(item.skipped, "record")} without an address, or whose owner wants no mail` : ""],
        ["Opened", number(item.opened)],
        ["Accepted", number(item.accepted)],
        ["Made", time(item.created_at)],
        ["Valid until", day(item.expires_at)],
        ["Downloaded", time(item.downloaded_at)],
        ["Revoked", time(item.revoked_at)],
      ]),
      actions,
    );
  }

  async #download(view, item) {
    let reason = "";
    if (item.downloaded_at) {
      reason = await this.#office.confirm({
        title: "Download the codes again?",
        text: "The reason goes to the audit log. Keep the file as you would keep passwords.",
        label: "Reason",
        isRequired: true,
        yes: "Download",
      });
      if (!reason) return;
    }
    const file = await view.attempt(() => this.#office.file("GET", `/admin/invitations/${item.uuid}/codes.csv${query({ reason })}`));
    if (!file) return;
    save(file, `invitations-${item.uuid.slice(0, 8)}.csv`);
    if (view.isOpen) await this.#show(view, item.uuid);
  }

  async #revoke(view, item) {
    const yes = await this.#office.confirm({
      title: "Revoke this batch?",
      text: "Codes that were not used stop working. Accounts that used one stay verified.",
      yes: "Revoke",
      isDangerous: true,
    });
    if (!yes) return;
    const done = await view.attempt(() => this.#office.call("DELETE", `/admin/invitations/${item.uuid}`));
    if (!done) return;
    this.#reload();
    if (view.isOpen) await this.#show(view, item.uuid);
  }
}

function stateOf(item) {
  if (item.revoked_at) return ["revoked", "bad"];
  if (item.state === "preparing") return ["being made"];
  if (item.state === "failed") return ["failed", "bad"];
  if (new Date(item.expires_at) < new Date()) return ["expired"];
  return ["valid", "good"];
}
