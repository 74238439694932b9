// Names of the codes of the reference data.

/** Texts are compared by their letters and digits, in any case. */
const folded = (text) => text.toLocaleLowerCase("en").split(/[^\p{L}\p{N}]+/u).filter(Boolean).join(" ");

export class Names {
  /** The lists that a profile refers to. */
  static OF_PROFILES = ["departments", "programmes", "degrees", "countries", "states", "industries"];

  #shell;
  /** Entries by code, of each list. */
  #lists = new Map();

  constructor(shell) {
    this.#shell = shell;
  }

  /** Reads lists that were not read yet. */
  async need(...kinds) {
    const read = async (kind) => {
      const { items } = await this.#shell.reference(kind);
      this.#lists.set(kind, new Map(items.map((entry) => [entry.code, entry])));
    };
    await Promise.all(kinds.filter((kind) => !this.#lists.has(kind)).map(read));
  }

  #entry(kind, code) {
    return this.#lists.get(kind)?.get(code);
  }

  /** The name; the code itself where the list does not have it. */
  of(kind, code) {
    return this.#entry(kind, code)?.name ?? code;
  }

  /** Such as `B.Sc.`. */
  short(kind, code) {
    return this.#entry(kind, code)?.abbreviation ?? this.of(kind, code);
  }

  /** `[code, name]` of each entry, by name. */
  choices(kind) {
    return Array.from(this.#lists.get(kind)?.values() ?? [], ({ code, name }) => [code, name]);
  }

  /** The code of what has this name, former name or code; undefined if nothing does. */
  find(kind, text) {
    const wanted = folded(text);
    const entries = [...(this.#lists.get(kind)?.values() ?? [])];
    const isNamed = ({ code, name }) => [code, name].some((own) => folded(own) === wanted);
    const isAlias = ({ aliases }) => aliases.some((own) => folded(own) === wanted);
    return (entries.find(isNamed) ?? entries.find(isAlias))?.code;
  }
}
