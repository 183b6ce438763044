/** One of two pictures of a view that are compared. */
export type Side = {
  key: string;
  source: string;
  title: string;
  notes: string[];
  alt: string;
  /** It may look different now. */
  old: boolean;
  /** A small copy without the camera's own proportions: drawn as wide and high as the other. */
  filled: boolean;
};

/** Beside each other, or one over the other with a divider. */
export const WAYS = ["beside", "over"] as const;
export type Way = (typeof WAYS)[number];
