/** An error that the author can fix. It is printed without a stack. */
export class Mistake extends Error {}
