// The school of those who see one alone.
import { computed } from "vue";
import { me } from "@/session/session";

const SCHOOL = "school:";

/** Its id; `null`: they see several, or a whole region. */
export const ownSchool = computed<string | null>(() => {
  const scopes = me.value?.scopes ?? [];
  const [only] = scopes;
  return scopes.length === 1 && only?.startsWith(SCHOOL) ? only.slice(SCHOOL.length) : null;
});
