// What the requests of a call came to, as far as the errors of a function for another platform tell it.

let sent = 0;
let failed;

/** How many requests the call has sent. */
export const requestsSent = () => sent;

/** The last answer of an API that was an error: `{ method, url, status }`. */
export const lastFailure = () => failed;

export function countRequest() {
  sent += 1;
}

/** Takes note of an API's answer. */
export function noteAnswer(method, url, status) {
  if (status >= 400) failed = { method, url, status };
}

/** A call begins. */
export function forgetRequests() {
  sent = 0;
  failed = undefined;
}
