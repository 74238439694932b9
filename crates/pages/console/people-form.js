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
export function showFailure(form, text) {
  const place = form.querySelector(".failure");
  // A log-out meanwhile has emptied the form.
  if (place) say(place, text);
}

/** Shows a text beside a field; false if the form has no such field. */
export function showError(form, name, text) {
  const control = form.elements.namedItem(name);
  const place = control instanceof HTMLElement && document.getElementById(`${control.id}-wrong`);
  if (!place) return false;
  control.setAttribute("aria-invalid", "true");
  say(place, [place.textContent, text].filter(Boolean).join(" "));
  return true;
}

/** The rule that was broken, as a sentence: with the label of the field in the place of the field's name. */
function sentence(message, name, control) {
  const label = control?.labels?.[0]?.textContent.trim();
  const element = /^\[(\d+)\](?= )/.exec(message.slice(name.length));
  let text = message;
  if (element && message.startsWith(name)) text = `Entry ${Number(element[1]) + 1}${message.slice(name.length + element[0].length)}`;
  else if (label && message.startsWith(`${name} `)) text = label + message.slice(name.length);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Shows a problem in words: what concerns a field beside it, and the rest above the buttons. `names` are the fields
 *  that stand for others. */
export function showProblem(form, problem, names = {}) {
  const rest = [];
  for (const error of problem.errors) {
    const name = error.parameter ?? error.pointer?.split("/")[1] ?? "";
    const field = names[name] ?? name;
    const text = sentence(error.message, name, form.elements.namedItem(field));
    if (!showError(form, field, text)) rest.push(text);
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
