// Whom to call about a school: asked for once in a while, and what a role is called.
import { shallowRef, watch } from "vue";
import type { ComputedRef } from "vue";
import { get, path } from "@/api/client";
import type { Contact, Contacts } from "@/api/types";
import { tOr } from "@/words/words";

const FRESH_MS = 60_000;
const kept = new Map<string, { at: number; contacts: Promise<Contacts> }>();

/** The contacts of a school; the same answer for a minute, however many alerts it has. */
export function contactsOf(school: string): Promise<Contacts> {
  const known = kept.get(school);
  if (known !== undefined && Date.now() - known.at < FRESH_MS) return known.contacts;
  const contacts = get<Contacts>(path("schools", school, "contacts"));
  kept.set(school, { at: Date.now(), contacts });
  contacts.catch(() => kept.delete(school)); // a failure is not kept
  return contacts;
}

/** They were changed on this screen. */
export function forgetContacts(): void {
  kept.clear();
}

/** The contacts of the school in view; `problem` says why they could not be had. */
export function useContacts(school: ComputedRef<string>) {
  const found = shallowRef<Contacts | null>(null);
  const problem = shallowRef<unknown>(null);

  async function load(): Promise<void> {
    const wanted = school.value;
    if (wanted === "") return;
    try {
      const contacts = await contactsOf(wanted);
      if (wanted !== school.value) return;
      found.value = contacts;
      problem.value = null;
    } catch (why) {
      if (wanted === school.value) problem.value = why;
    }
  }
  watch(
    school,
    () => {
      found.value = null;
      problem.value = null;
      void load();
    },
    { immediate: true },
  );
  return { found, problem, load };
}

/** A role in the chosen language; those that nobody has a word for are as they were written. */
export const roleName = (role: string): string => tOr(`contact.role.${role}`, role);

/** Who is to be called for a step, if the school has somebody in that role. */
export function inRole(contacts: readonly Contact[], role: string | null): Contact | undefined {
  return role === null ? undefined : contacts.find((one) => one.role === role);
}
