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
