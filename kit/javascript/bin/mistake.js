/**
 * An error that the author can fix. It is printed without a stack: first `details`, such as source lines, then the message
 * with place, cause and what to do.
 */
export class Mistake extends Error {
  constructor(message, { details, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
  }
}
