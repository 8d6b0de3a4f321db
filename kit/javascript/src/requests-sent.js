// Whether the function has sent a request: a refusal before any is its own.

let sent = 0;

export const requestsSent = () => sent;

export function countRequest() {
  sent += 1;
}
