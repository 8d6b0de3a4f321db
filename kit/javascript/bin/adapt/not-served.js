/** Why a function can't be served: one line for its author, with file and line. */
export class NotServed extends Error {}
