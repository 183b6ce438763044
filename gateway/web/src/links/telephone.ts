// A number that a tap dials. What the settings give may be words: a phone would dial what digits
// it finds in them, and those of "110 (demonstration)" are the real police's.

const NUMBER = /^\+?[\d\s().-]{3,}$/;

/** Where a link leads that dials `telephone`; nowhere when it is not a number and nothing else. */
export function dialling(telephone: string): string | undefined {
  return NUMBER.test(telephone) ? `tel:${telephone.replaceAll(/\s/g, "")}` : undefined;
}
