// Forms: controls with labels, and what is wrong with them beside them.

import { element } from "./dom.js";

let controls = 0;

/** A control with its label, a hint, and a place for what is wrong. `around` is what holds the control, if anything. */
export function labeled(label, control, { hint = "", isWide = false, around = control } = {}) {
  const id = `control-${++controls}`;
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
  return element(
    "div",
    { class: isWide ? "field wide" : "field" },
    element("label", { for: id }, label),
    around,
    element("p", { class: "quiet small", id: `${id}-hint`, hidden: hint === "" }, hint),
    element("p", { class: "wrong", id: `${id}-wrong`, hidden: true }),
  );
}

/** A checkbox with its label behind it. */
export function checkbox(label, attributes) {
  const control = element("input", { type: "checkbox", ...attributes });
  return { control, field: element("label", { class: "check" }, control, label) };
}

/** Where a form shows what concerns no field. */
export const failure = () => element("p", { class: "notice failure", role: "alert", hidden: true });

function say(place, text) {
  place.textContent = text;
  place.hidden = text === "";
}

export function clearErrors(form) {
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const place of form.querySelectorAll(".wrong, .failure")) say(place, "");
}

/** Shows a text that concerns no field. */
export const showFailure = (form, text) => say(form.querySelector(".failure"), text);

/** Shows a text beside a field; false if the form has no such field. */
export function showError(form, name, text) {
  const control = form.elements.namedItem(name);
  const place = control instanceof HTMLElement && document.getElementById(`${control.id}-wrong`);
  if (!place) return false;
  control.setAttribute("aria-invalid", "true");
  say(place, [place.textContent, text].filter(Boolean).join(" "));
  return true;
}

/** Shows a problem in words: what concerns a field beside it, and the rest above the buttons. `names` are the fields
 *  that stand for others. */
export function showProblem(form, problem, names = {}) {
  const rest = [];
  for (const { parameter, pointer, message } of problem.errors) {
    const name = parameter ?? pointer?.split("/")[1] ?? "";
    // A rule is a sentence without its full stop.
    const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    if (!showError(form, names[name] ?? name, text)) rest.push(text);
  }
  if (problem.errors.length === 0) rest.push(problem.message);
  showFailure(form, rest.join(" "));
  form.querySelector("[aria-invalid]")?.focus();
}

/** Runs the work of a form, whose button, if any, waits meanwhile. Shows the problem if it fails, and resolves to undefined. */
export async function submit(form, work, names) {
  const button = form.querySelector("[type=submit]");
  if (button) button.disabled = true;
  clearErrors(form);
  try {
    return await work();
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    showProblem(form, problem, names);
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}
