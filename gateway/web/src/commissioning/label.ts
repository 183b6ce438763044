// What is on a device's label: `campus:{school}/{id}`, or whatever its maker printed there.

/** Ids as the gateway takes them (docs/messages.md). */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

export type Label = { readonly school: string | null; readonly id: string };

/** The device a label names; null when what was read cannot be an id. */
export function labelOf(text: string): Label | null {
  const read = text.trim();
  const [school, id, ...rest] = read.replace(/^campus:/, "").split("/");
  if (read.startsWith("campus:")) {
    const whole = school !== undefined && id !== undefined && rest.length === 0;
    return whole && ID.test(school) && ID.test(id) ? { school, id } : null;
  }
  return ID.test(read) ? { school: null, id: read } : null;
}
