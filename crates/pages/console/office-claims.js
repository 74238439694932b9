// The queue of claims, and one claim beside the records that could be meant.

import { element, uuid } from "./dom.js";
import { Pages, badge, button, bytes, choice, counted, day, duration, facts, field, query, save, tableOf, time } from "./view.js";

const STATES = {
  draft: ["draft"],
  submitted: ["waiting", "due"],
  in_review: ["under review", "due"],
  needs_info: ["asked the applicant"],
  verified: ["verified", "good"],
  rejected: ["rejected", "bad"],
  withdrawn: ["withdrawn"],
  revoked: ["revoked", "bad"],
};

const REASONS = [
  ["not-found", "No record fits"],
  ["names-differ", "The names differ"],
  ["more-details", "More details are needed"],
  ["evidence-insufficient", "The evidence does not prove it"],
  ["another-account", "The person has another account"],
  ["not-this-person", "The record is another person's"],
  ["register-wrong", "The register is wrong and is corrected first"],
  ["other", "Another reason"],
];

/** How each band of scores is shown. */
const BANDS = { strong: ["strong", "good"], possible: ["possible", "due"], weak: ["weak"] };

const EVENTS = {
  changed: "changed what the claim says",
  evidence_added: "sent a file",
  proof_under_review: "gave a valid code; the rest is under review",
  info_requested: "asked the applicant",
  linked: "noted a record",
  voted: "voted; another reviewer must agree",
  disagreed: "disagrees with another reviewer; a third one decides",
  flagged: "the owner of the mailbox on record asked for no code",
  revocation_proposed: "proposed to revoke the verification",
};

export class Claims {
  #office;
  #pages;
  #filters = { status: "", due: "" };
  #names = { departments: new Map(), programmes: new Map(), degrees: new Map() };

  constructor(office) {
    this.#office = office;
  }

  async #readNames() {
    for (const [kind, names] of Object.entries(this.#names)) {
      const { items } = await this.#office.reference(kind);
      for (const { code, name, abbreviation } of items) names.set(code, abbreviation ?? name);
    }
  }

  /** Claims name codes of the reference data. */
  #awardText({ degree, programme, department, year }) {
    const { degrees, programmes, departments } = this.#names;
    const subject = programme ? (programmes.get(programme) ?? programme) : (departments.get(department) ?? department);
    return [degrees.get(degree) ?? degree, subject, year].filter(Boolean).join(", ");
  }

  list(target) {
    const entries = element("ul", { class: "entries" });
    this.#pages = new Pages(entries, {
      read: (cursor) => this.#office.ask("GET", `/admin/claims${query({ ...this.#filters, limit: 20, cursor })}`),
      draw: (item) => element("li", {}, this.#entry(item)),
      empty: "No claim waits.",
      failed: (problem) => this.#office.notice(problem),
    });
    const status = choice([["", "open"], ["submitted", "waiting"], ["in_review", "under review"], ["needs_info", "asked"], ["verified", "verified"], ["rejected", "rejected"]], this.#filters.status, { name: "status" });
    const due = choice([["", "any time"], ["overdue", "overdue"]], this.#filters.due, { name: "due" });
    for (const control of [status, due]) {
      control.addEventListener("change", () => {
        this.#filters = { status: status.value, due: due.value };
        this.#reload();
      });
    }
    target.replaceChildren(
      element("header", { class: "head" }, element("h2", {}, "Claims"), element("span", { class: "quiet" }), button("Reload", () => this.#reload())),
      element("div", { class: "filters", role: "group", "aria-label": "Show only" }, field("State", status), field("Due", due)),
      entries,
      this.#pages.empty,
      this.#pages.foot,
    );
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
      { href: `#claims/${item.uuid}` },
      element("strong", {}, nameOf(item)),
      clock(item),
      element("span", { class: "quiet" }, item.awards.map((award) => this.#awardText(award)).join("; ")),
    );
  }

  open(view, id) {
    if (id) return this.#show(view, id);
    return view.show(
      "Claims of graduates",
      element("p", {}, "A claim links an account to a record of the register. Those due first come first."),
      element("p", { class: "quiet" }, "Opening a claim keeps it for you for 15 minutes, so that two reviewers do not work on one."),
    );
  }

  async #show(view, id) {
    const answer = await view.attempt(async () => {
      await this.#readNames();
      return this.#office.call("GET", `/admin/claims/${id}`);
    });
    if (!answer || !view.isOpen) return;
    this.#draw(view, answer.document, answer.etag);
  }

  #draw(view, claim, etag) {
    const [state, kind] = STATES[claim.state] ?? [claim.state];
    const { candidates } = claim;
    const chosen = { record: claim.record_uuid ?? candidates[0]?.record.uuid ?? null };
    view.show(
      nameOf(claim),
      element("p", {}, badge(state, kind), " ", clock(claim)),
      facts([
        ["Account", `${claim.firstname} ${claim.lastname}, ${claim.email}`],
        ["Names claimed", claim.names.join(", ")],
        ["Due", time(claim.due_at)],
        ["Taken by", claim.assigned_to && `${this.#person(claim, claim.assigned_to)}, until ${time(claim.assigned_until)}`],
        ["Votes", claim.ballots.map((vote) => `${this.#person(claim, vote.reviewer_uuid)}: ${vote.verdict}`).join("; ")],
        ["Verified by", claim.method],
      ]),
      ...this.#warnings(claim),
      element("h3", {}, "What the applicant says"),
      tableOf(
        "Awards claimed",
        ["Award", "Matric number", "Surname then"],
        claim.awards.map((award) => [this.#awardText(award), award.matric, award.surname_at_graduation]),
        { class: "stack" },
      ),
      ...this.#evidence(view, claim),
      element("h3", {}, candidates.length ? "Records that could be meant" : "No record of the register fits"),
      ...candidates.map((candidate, at) => candidateOf(candidate, chosen, at === 0)),
      ...this.#decision(view, claim, etag, chosen),
      ...this.#history(claim),
    );
  }

  // A file is only ever downloaded: another person made it, so no page shows it.
  #evidence(view, claim) {
    if (claim.evidence.length === 0) return [];
    const files = claim.evidence.map((file) =>
      element(
        "li",
        {},
        button(`Download ${file.kind.toUpperCase()}`, () => this.#download(view, claim, file)),
        element("span", { class: "quiet" }, ` ${bytes(file.bytes)} · ${time(file.uploaded_at)}`),
      ),
    );
    return [element("h3", {}, "Files of the applicant"), element("ul", { class: "history" }, ...files)];
  }

  async #download(view, claim, file) {
    const path = `/admin/claims/${claim.uuid}/evidence/${file.uuid}`;
    const blob = await view.attempt(() => this.#office.file("GET", path));
    if (blob) save(new Blob([blob], { type: "application/octet-stream" }), `evidence-${file.uuid.slice(0, 8)}.${file.kind}`);
  }

  #person(claim, uuid) {
    if (uuid === this.#office.me.uuid) return "you";
    return uuid === claim.user_uuid ? "the applicant" : "another reviewer";
  }

  #history(claim) {
    if (claim.events.length === 0) return [];
    const events = claim.events.map((event) =>
      element(
        "li",
        {},
        element("span", { class: "quiet" }, [time(event.at), event.actor_uuid && this.#person(claim, event.actor_uuid)].filter(Boolean).join(" · ")),
        ` · ${[EVENTS[event.kind] ?? event.kind.replaceAll("_", " "), event.reason_code].filter(Boolean).join(": ")}`,
        event.message ? element("p", {}, event.message) : "",
      ),
    );
    return [element("h3", {}, "History"), element("ol", { class: "history" }, ...events)];
  }

  #warnings(claim) {
    const texts = [];
    if (claim.needs_second) texts.push("This claim takes two reviewers who agree on the record.");
    if (claim.flagged_at) texts.push(`The owner of the mailbox on record says that they did not ask for a code (${day(claim.flagged_at)}).`);
    return texts.map((text) => element("p", { class: "notice due" }, text));
  }

  #decision(view, claim, etag, chosen) {
    if (!["submitted", "in_review"].includes(claim.state)) return this.#revocation(view, claim, etag);
    const reason = choice([["", "choose …"], ...REASONS], "", { name: "reason_code" });
    const message = element("textarea", { name: "message", rows: "3", maxlength: "2000" });
    const decide = (step, body) => this.#decide(view, claim, etag, step, body);
    const explained = () => {
      if (!reason.value || !message.value.trim()) {
        this.#office.notice("Choose a reason and write a message: the applicant reads both.");
        return null;
      }
      return { reason_code: reason.value, message: message.value.trim() };
    };
    const take = button("Take it", () => decide("open"), { "data-step": "open" });
    const approve = button("Approve", () => decide("approve", { record_uuid: chosen.record }), { class: "primary", "data-step": "approve" });
    approve.disabled = !chosen.record;
    const ask = button("Ask the applicant", async () => {
      const body = explained();
      if (body) await decide("request-info", body);
    }, { "data-step": "request-info" });
    const reject = button("Reject", async () => {
      const body = explained();
      const yes = body && (await this.#office.confirm({ title: "Reject this claim?", text: "The applicant gets your message and may claim again.", yes: "Reject", isDangerous: true }));
      if (yes) await decide("reject", body);
    }, { class: "danger", "data-step": "reject" });
    return [
      element("h3", {}, "Decision"),
      element(
        "div",
        { class: "form" },
        field("Reason (to ask or reject)", reason),
        field("Message to the applicant", message, { class: "wide" }),
      ),
      element("div", { class: "actions" }, approve, ask, reject, take),
    ];
  }

  #revocation(view, claim, etag) {
    if (claim.state !== "verified") return [];
    const revoke = async () => {
      const message = await this.#office.confirm({ title: "Revoke this verification?", text: "It takes two reviewers. The applicant reads the message.", label: "Message", isRequired: true, yes: "Revoke", isDangerous: true });
      if (message) await this.#decide(view, claim, etag, "revoke", { reason_code: "other", message });
    };
    return [element("div", { class: "actions" }, button("Revoke", revoke, { class: "danger" }))];
  }

  async #decide(view, claim, etag, step, body) {
    const headers = { "Idempotency-Key": uuid(), ...(etag && { "If-Match": etag }) };
    const done = await view.attempt(() => this.#office.call("POST", `/admin/claims/${claim.uuid}/${step}`, { body, headers }));
    if (!done) return;
    this.#office.notice("");
    this.#office.say("Done.");
    this.#reload();
    if (view.isOpen) await this.#show(view, claim.uuid);
  }
}

/** When a decision is due, in words. */
function clock({ state, due_at }) {
  if (!["submitted", "in_review"].includes(state)) return badge(...(STATES[state] ?? [state]));
  const seconds = (new Date(due_at) - Date.now()) / 1000;
  return seconds < 0 ? badge(`${duration(seconds)} overdue`, "bad") : badge(`due in ${duration(seconds)}`, seconds < 86_400 ? "due" : "");
}

/** The account's name comes first. */
const nameOf = ({ names }) => names[0] ?? "Claim";

function candidateOf({ record, score, band, parts }, chosen, isFirst) {
  const radio = element("input", { type: "radio", name: "record", value: record.uuid });
  radio.checked = chosen.record === record.uuid;
  const awards = record.awards.map(({ degree, programme, department, year, matric }) => [degree, programme ?? department, year, matric].filter(Boolean).join(", "));
  const card = element(
    "div",
    { class: "candidate" },
    element(
      "label",
      {},
      radio,
      element("strong", {}, [record.surname, record.given_names].filter(Boolean).join(", ")),
      element(
        "span",
        {},
        badge(...(BANDS[band] ?? [band])),
        " ",
        element("meter", { min: "0", max: "1", low: "0.6", high: "0.85", optimum: "1", value: score, "aria-hidden": "true" }),
        " ",
        element("span", { class: "score" }, `${Math.round(score * 100)} %`),
      ),
      element("span", { class: "quiet small" }, awards.join("; ")),
      record.claimed_by ? element("span", { class: "quiet small" }, badge("linked to an account", "bad")) : "",
    ),
    element(
      "details",
      { open: isFirst },
      element("summary", {}, "Why"),
      tableOf(
        "Parts of the score",
        ["Part", ["Score"], "Applicant", "Register", "Remark"],
        parts.map((part) => [part.part, `${percent(part.points * part.weight)} of ${percent(part.weight)}`, part.ours, part.theirs, part.note]),
        { class: "stack" },
      ),
    ),
  );
  const mark = () => card.classList.toggle("chosen", radio.checked);
  radio.addEventListener("change", () => {
    chosen.record = radio.value;
    for (const other of card.parentElement.querySelectorAll(".candidate")) other.classList.toggle("chosen", other === card);
    const approve = card.parentElement.querySelector("[data-step=approve]");
    if (approve) approve.disabled = false;
  });
  mark();
  return card;
}

const percent = (share) => `${(share * 100).toFixed(1).replace(/\.0$/, "")} %`;
