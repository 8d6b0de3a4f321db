/** What the author can mend: it is said without a trace. */
export class Mistake extends Error {}
