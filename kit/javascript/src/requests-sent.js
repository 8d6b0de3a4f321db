// The requests of the current call, for the error messages of a function written for another platform.

let sent = 0;
let failed;

/** The number of requests that the call has sent. */
export const requestsSent = () => sent;

/** The last response of an API that was an error: `{ method, url, status }`. */
export const lastFailure = () => failed;

export function countRequest() {
  sent += 1;
}

/** Records the response of an API. */
export function noteAnswer(method, url, status) {
  if (status >= 400) failed = { method, url, status };
}

/** Resets the record at the start of a call. */
export function forgetRequests() {
  sent = 0;
  failed = undefined;
}
