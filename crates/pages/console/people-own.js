// The member's own profile: what the member writes, what comes from the register, and how others see it.

import { element, uuid } from "./dom.js";
import { About } from "./people-about.js";
import { Entries } from "./people-entries.js";
import { showFailure, submit } from "./people-form.js";
import { Names } from "./people-names.js";
import { Preview } from "./people-preview.js";
import { Skills } from "./people-skills.js";
import { award } from "./people-profile.js";
import { facts } from "./view.js";

const CHANGED_ELSEWHERE =
  "Your profile was changed elsewhere since this page read it, so nothing was saved. The page shows the newest now, and what you have written on top of it: check it, and save again.";

export class Own {
  /** As it was read last. */
  profile;
  #people;
  #view;
  #etag;
  #parts = [];
  #preview;

  constructor(people, view) {
    this.#people = people;
    this.#view = view;
  }

  get names() {
    return this.#people.names;
  }

  async open() {
    const isThere = await this.#view.attempt(async () => {
      await this.names.need(...Names.OF_PROFILES);
      return this.#read();
    });
    if (!isThere || !this.#view.isOpen) return;
    const [about, skills] = [new About(this), new Skills(this)];
    const entries = Entries.KINDS.map((kind) => new Entries(this, kind));
    this.#preview = new Preview(this.#people, this.#view);
    this.#parts = [about, ...entries, skills];
    this.#view.show(
      "My profile",
      element(
        "div",
        { class: "columns" },
        element("div", {}, this.#fromRegister(), about.root, ...entries.map(({ root }) => root), skills.root),
        this.#preview.root,
      ),
    );
    this.#update();
  }

  async #read() {
    const { document, etag } = await this.#people.call("GET", "/me/profile");
    this.profile = document;
    this.#etag = etag;
    return true;
  }

  #update() {
    for (const part of this.#parts) part.update(this.profile);
    this.#preview.show();
  }

  #fromRegister() {
    const { name, registry_name, awards = [], previous_names = [] } = this.profile;
    const own = awards.map((one) => [award(one, this.names), one.matric_number, one.class_of_degree].filter(Boolean).join(" · "));
    return element(
      "section",
      { class: "block" },
      element("h3", {}, "From the register"),
      facts([
        ["Name", name],
        ["Name in the register", registry_name],
        ["Previous names", previous_names.join("; ")],
        ["Awards", own.length ? element("ul", {}, ...own.map((text) => element("li", {}, text))) : "none that the university has verified"],
      ]),
      element("p", { class: "quiet small" }, "Names and awards come from the register of graduates. The alumni office corrects them."),
    );
  }

  /** Saves what a form holds, in the version that was read. `saved` takes the answer; a refusal is shown in the form. */
  async save(form, { method, path, body, saved }) {
    const headers = method === "POST" ? { "Idempotency-Key": uuid() } : { "If-Match": this.#etag };
    let isStale = false;
    const answer = await submit(form, async () => {
      try {
        return await this.#people.call(method, path, { body, headers });
      } catch (problem) {
        isStale = problem.status === 412;
        throw problem;
      }
    });
    if (!answer && !isStale) return;
    if (answer) {
      saved(answer.document);
      this.#people.say("Saved.");
    }
    await this.refresh();
    if (isStale) showFailure(form, CHANGED_ELSEWHERE);
  }

  /** Asks first, and then removes an entry. */
  async remove(what, path) {
    const yes = await this.#people.confirm({ title: "Remove it from your profile?", text: what, yes: "Remove", isDangerous: true });
    if (!yes) return;
    const done = await this.#view.attempt(() => this.#people.call("DELETE", path));
    if (done) await this.refresh();
  }

  /** Shows the profile as it is now; what is being written stays. */
  async refresh() {
    const isThere = await this.#view.attempt(() => this.#read());
    if (isThere && this.#view.isOpen) this.#update();
  }
}
