/** The function can't be served. The message is one line for the function's author, with file and line. */
export class NotServed extends Error {}
