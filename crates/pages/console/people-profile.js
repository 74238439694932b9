// A profile, as far as its viewer may see it.

import { element } from "./dom.js";
import { facts } from "./view.js";

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });

const month = (text) => MONTH.format(new Date(`${text}-01T00:00:00Z`));

/** Such as `Jul 2019 – today`; nothing where neither end is known. */
export function period({ started, ended, is_current }) {
  const end = is_current ? "today" : ended && month(ended);
  return [started && month(started), end].filter(Boolean).join(" – ");
}

/** Such as `2016 – 2018`. */
export const years = ({ from_year, to_year }) => [from_year, to_year].filter(Boolean).join(" – ");

export function award({ degree, programme, department, year }, names) {
  const subject = programme ? names.of("programmes", programme) : names.of("departments", department);
  return [names.short("degrees", degree), subject, year].filter(Boolean).join(", ");
}

/** A web address as text; only `https` becomes a link. */
export function link(url) {
  if (!url.startsWith("https://")) return element("span", {}, url);
  return element("a", { href: url, rel: "nofollow noopener noreferrer ugc", target: "_blank" }, url.slice("https://".length));
}

/** An entry: a line in bold, and the others below it. */
export function entry(title, ...lines) {
  return [element("strong", {}, title), ...lines.filter(Boolean).map((line) => element("span", { class: "quiet" }, line))];
}

export const workEntry = ({ title, employer, ...dates }) =>
  title ? entry(title, employer?.name, period(dates)) : entry(employer?.name ?? "Work", period(dates));

export const educationEntry = ({ institution, degree, field, ...dates }) =>
  entry(institution, [degree, field].filter(Boolean).join(", "), years(dates));

function section(title, items) {
  if (items.length === 0) return [];
  const list = items.map((item) => element("li", {}, ...[item].flat()));
  return [element("h3", {}, title), element("ul", { class: "lines" }, ...list)];
}

/** What stands below the name. A field that is hidden or empty is absent. */
export function profileOf(profile, names) {
  const { awards = [], experiences = [], educations = [], skills = [], links = [], previous_names = [] } = profile;
  const place = [profile.city, names.of("states", profile.state), names.of("countries", profile.country)];
  const post = [profile.title, profile.employer?.name].filter(Boolean).join(" at ");
  return [
    profile.headline ? element("p", { class: "headline" }, profile.headline) : "",
    facts([
      ["Works as", post],
      ["Lives in", place.filter(Boolean).join(", ")],
      ["Industry", names.of("industries", profile.industry)],
      ["Name in the register", profile.registry_name],
      ["Previous names", previous_names.join("; ")],
      ["E-mail", profile.email],
      ["Telephone", profile.phone],
    ]),
    profile.bio ? element("p", { class: "bio" }, profile.bio) : "",
    ...section("Awards of the university", awards.map((one) => award(one, names))),
    ...section("Work", experiences.map(workEntry)),
    ...section("Education", educations.map(educationEntry)),
    ...(skills.length ? [element("h3", {}, "Skills"), element("ul", { class: "chips" }, ...skills.map(({ name }) => element("li", { class: "badge" }, name)))] : []),
    ...section("On the web", links.map(({ url }) => link(url))),
  ];
}
