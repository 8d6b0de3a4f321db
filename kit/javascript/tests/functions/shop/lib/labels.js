export const LABELS = { a: "first", b: "second" };
