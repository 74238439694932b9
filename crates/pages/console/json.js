// JSON that comes from elsewhere.

/** The value that the text says, or null where it is not JSON. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
