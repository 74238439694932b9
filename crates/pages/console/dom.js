// Elements, and nothing that reads markup: whatever comes from the network goes in as text.

/** Makes an element. An attribute that is `true` has no value, one that is `false` is left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, "");
    else if (value !== false) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

/** What `data-part` names inside `root`, by name. */
export function parts(root) {
  const found = {};
  for (const part of root.querySelectorAll("[data-part]")) found[part.dataset.part] = part;
  return found;
}

/** A fresh UUID. Browsers have one ready only where the page came by HTTPS or from this machine. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
