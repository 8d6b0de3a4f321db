/* The kit for connectors in C: texts, JSON, requests, errors, and a schema from plain tables.
 *
 * Every call runs in its own sandbox, which is discarded as a whole. So the kit never frees memory, and connectors need
 * not either; if memory runs out, the call ends. Pages, schemas and errors that a connector returns must come from these
 * functions or from malloc, because the bindings free them. */
#ifndef WELD_H
#define WELD_H

#include "connector.h"

/* UTF-8 and a length, without a terminating zero. The memory it points to must stay valid. */
typedef connector_string_t weld_text;

typedef exports_weld_connector_source_error_t weld_error;
typedef exports_weld_connector_source_page_t weld_page;
typedef exports_weld_connector_source_list_table_t weld_tables;

/* --- Texts ------------------------------------------------------------------------------------------------------- */

/* The text of a C string. The string is not copied. */
weld_text weld_text_of(const char *string);

/* Whether a text equals a C string. */
bool weld_is(weld_text text, const char *string);

/* A text under construction. Initialize it with {0}. */
typedef struct {
  uint8_t *ptr;
  size_t len;
  size_t room;
} weld_buffer;

void weld_add(weld_buffer *buffer, const char *string);
void weld_add_text(weld_buffer *buffer, weld_text text);
void weld_add_number(weld_buffer *buffer, int64_t number);
/* Adds a Unicode character, in UTF-8. */
void weld_add_character(weld_buffer *buffer, uint32_t character);
/* Adds the text as a JSON string, with quotes and escapes. */
void weld_add_json_string(weld_buffer *buffer, weld_text text);
/* Adds the text as a part of a URL: every byte except letters, digits and -._~ as %XX. */
void weld_add_url_part(weld_buffer *buffer, weld_text text);
/* The finished text, which a connector may return. The buffer is empty afterwards. */
weld_text weld_finish(weld_buffer *buffer);

/* --- JSON -------------------------------------------------------------------------------------------------------- */

/* A value is a part of a JSON text, such as `"a\n"` or `[1, 2]`. These functions find values without building a tree.
 * They never read past the end of the text, and do not validate the values that they skip. */

/* Gets the value of an object's key. False if the key is missing, or `object` is not an object. */
bool weld_json_get(weld_text object, const char *key, weld_text *value);
/* Gets the next item of an array. `at` must be 0 before the first call. False after the last item, or if `array` is not an
 * array. */
bool weld_json_next(weld_text array, size_t *at, weld_text *item);
/* Gets the characters of a JSON string. False if the value is not a string. */
bool weld_json_string(weld_text value, weld_text *text);
/* Reads a whole number. False if the value is not a whole number, or does not fit into 64 bits. To copy a number into a row,
 * add the value with `weld_add_text`, which keeps every digit. */
bool weld_json_number(weld_text value, int64_t *number);
/* `weld_json_get`, then `weld_json_number`. Returns `fallback` if either of them is false. */
int64_t weld_json_number_of(weld_text object, const char *key, int64_t fallback);

/* --- Errors ------------------------------------------------------------------------------------------------------ */

/* Sets an error with a message: `message` followed by `more`. `tag` is an error that has a message, such as
 * EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM. If the call has tried to open a file, the message of the error `other` also
 * says that a component has none. Returns false, so that a failed call can end with `return weld_fail(error, …)`. */
bool weld_fail(weld_error *error, uint8_t tag, const char *message, weld_text more);
/* Sets the error `unknown-table`. Returns false. */
bool weld_unknown_table(weld_error *error);
/* Sets the error `rate-limited` with the wait in milliseconds; negative if the API did not say how long. Returns false. */
bool weld_rate_limited(weld_error *error, int64_t milliseconds);

/* --- The host ---------------------------------------------------------------------------------------------------- */

/* Gets a variable of the connector's configuration. False with the error `misconfigured` if it is not set. */
bool weld_variable(const char *name, weld_text *value, weld_error *error);

/* A request without headers, body or options. */
weld_connector_host_http_request_t weld_request(const char *method, weld_text url);
/* The bytes of a body, even if they are not UTF-8. */
weld_text weld_body(const weld_connector_host_http_response_t *response);
/* Decodes a body to UTF-8: by its byte-order mark, which is removed; else as UTF-8 if it is valid; else by the charset that
 * the header declares. Known charsets: UTF-16, windows-1252 (also for ISO-8859-1) and ISO-8859-15. False with the error
 * `upstream` if the body cannot be decoded. */
bool weld_body_text(const weld_connector_host_http_response_t *response, weld_text *text, weld_error *error);
/* Gets the first link of the header `Link` with a relation, such as "next": its absolute URL, ready to request, and the text
 * of its attributes. False if there is none. */
bool weld_link(const weld_connector_host_http_response_t *response, const char *relation, weld_text *url, weld_text *link);
/* Gets an attribute of a link, such as `results`, with which an API says that the next page is empty. False if the link does
 * not have it. */
bool weld_link_attribute(weld_text link, const char *name, weld_text *value);
/* Sets the error for a request that failed without a status. Returns false. */
bool weld_http_failed(const weld_connector_host_http_error_t *failure, weld_error *error);
/* GETs a URL. Errors name it, without its query. Statuses other than 2xx are errors: `rate-limited` for 429 and for any status with a wait or an exhausted
 * quota, `unauthorized` for other 401 and 403, `upstream` for the rest. */
bool weld_get_response(weld_text url, weld_connector_host_http_response_t *response, weld_error *error);
/* Like `weld_get_response`, but gives the body as text, decoded by `weld_body_text`. */
bool weld_get(weld_text url, weld_text *body, weld_error *error);
/* Like `weld_get`, for an API that answers with a JSON object or array. Any other body, such as an HTML page, is the error
 * `upstream`, which quotes its beginning. */
bool weld_get_json(weld_text url, weld_text *value, weld_error *error);

/* --- Schemas and pages -------------------------------------------------------------------------------------------- */

/* A column. A type that begins with `[` or `{` is JSON, any other is a name. */
typedef struct {
  const char *name;
  const char *type;
  /* The default as JSON, or NULL. */
  const char *otherwise;
} weld_field;

/* A table. `key` ends with NULL, `fields` with a field whose name is NULL. */
typedef struct {
  const char *name;
  const char *const *key;
  const weld_field *fields;
} weld_table;

bool weld_schema(const weld_table *tables, size_t count, weld_tables *ret);

/* Makes a page. `rows` is a JSON array; `state` is a JSON object, which the next call receives. */
bool weld_answer(weld_page *page, weld_text rows, weld_text state, bool has_more);

#endif
