// A request as messages show it.

// A query often contains a token, and so may a user name, which must not appear in an error.
export const withoutSecrets = (url) => url.replace(/[?#].*$/s, "").replace(/^(\w[\w+.-]*:\/\/)[^/]*@/, "$1");

/** Method and URL, such as `GET https://api.example.com/books`. */
export const shown = (method, url) => `${method} ${withoutSecrets(url)}`;
