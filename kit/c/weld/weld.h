/* What helps to write a connector in C: texts, JSON, requests, errors, and a schema from plain tables.
 *
 * Every call runs in a sandbox of its own, which goes away as a whole. So nothing is ever freed here, and nothing
 * needs to be; where memory runs out, the call ends. What a connector hands over (pages, schemas, errors) must come
 * from these functions or from malloc, since the bindings free it. */
#ifndef WELD_H
#define WELD_H

#include "connector.h"

/* UTF-8 and a length, without a zero at the end; what it points to stays. */
typedef connector_string_t weld_text;

typedef exports_weld_connector_source_error_t weld_error;
typedef exports_weld_connector_source_page_t weld_page;
typedef exports_weld_connector_source_list_table_t weld_tables;

/* --- Texts ------------------------------------------------------------------------------------------------------- */

/* The text of a C string, which is not copied. */
weld_text weld_text_of(const char *string);

bool weld_is(weld_text text, const char *string);

/* A text in the making. Begins as {0}. */
typedef struct {
  uint8_t *ptr;
  size_t len;
  size_t room;
} weld_buffer;

void weld_add(weld_buffer *buffer, const char *string);
void weld_add_text(weld_buffer *buffer, weld_text text);
void weld_add_number(weld_buffer *buffer, int64_t number);
/* A character of Unicode, in UTF-8. */
void weld_add_character(weld_buffer *buffer, uint32_t character);
/* The text as a JSON string, with quotes and escapes. */
void weld_add_json_string(weld_buffer *buffer, weld_text text);
/* The text as a part of a URL: all but letters, digits and -._~ as %XX. */
void weld_add_url_part(weld_buffer *buffer, weld_text text);
/* What was made. It may be handed over. */
weld_text weld_finish(weld_buffer *buffer);

/* --- JSON -------------------------------------------------------------------------------------------------------- */

/* A value is the part of a JSON text that it stands in, such as `"a\n"` or `[1, 2]`. These functions find values
 * without building a tree. They never read past the end, and take what they pass by for valid. */

/* The value of an object's key; false where the object has none, or is no object. */
bool weld_json_get(weld_text object, const char *key, weld_text *value);
/* The items of an array in turn: `at` begins as 0; false after the last one, or where it is no array. */
bool weld_json_next(weld_text array, size_t *at, weld_text *item);
/* The characters of a JSON string; false where the value is none. */
bool weld_json_string(weld_text value, weld_text *text);
/* A whole number; false where the value is none, or larger than 64 bits. A row needs no number read: the value itself, added
 * with `weld_add_text`, has every digit. */
bool weld_json_number(weld_text value, int64_t *number);
/* `weld_json_get`, then `weld_json_number`; `otherwise` where there is none. */
int64_t weld_json_number_of(weld_text object, const char *key, int64_t otherwise);

/* --- Errors ------------------------------------------------------------------------------------------------------ */

/* An error with words, such as EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM. Answers false, so that a call that fails
 * ends with `return weld_fail(error, …)`. */
bool weld_fail(weld_error *error, uint8_t tag, const char *words, weld_text more);
bool weld_unknown_table(weld_error *error);
/* Negative: the API did not say how long. */
bool weld_rate_limited(weld_error *error, int64_t milliseconds);

/* --- The host ---------------------------------------------------------------------------------------------------- */

/* A variable of the connector's configuration; where it is not set, false and an error that says so. */
bool weld_variable(const char *name, weld_text *value, weld_error *error);

/* A request without headers, body or options. */
weld_connector_host_http_request_t weld_request(const char *method, weld_text url);
/* A body as it came, also one that is no UTF-8. */
weld_text weld_body(const weld_connector_host_http_response_t *response);
/* A body as UTF-8: read by its byte-order mark, which is left out, else as UTF-8 if it is valid, else by the charset that
 * the header declares: UTF-16, ISO-8859-1 and windows-1252, which are one, or ISO-8859-15. If none of them reads it,
 * false and an error that says so. */
bool weld_body_text(const weld_connector_host_http_response_t *response, weld_text *text, weld_error *error);
/* The first link of the header `Link` with a relation, such as "next": its URL, absolute, which is asked for as it is, and
 * the text of its attributes; false where there is none. */
bool weld_link(const weld_connector_host_http_response_t *response, const char *relation, weld_text *url, weld_text *link);
/* An attribute of a link, such as `results`, by which an API says that the next page has none. */
bool weld_link_attribute(weld_text link, const char *name, weld_text *value);
/* Where the request failed before there was a status. */
bool weld_http_failed(const weld_connector_host_http_error_t *failure, weld_error *error);
/* GETs a URL. Other statuses than 2xx are errors: `rate-limited` for 429 and any that comes with a wait or a quota at 0,
 * `unauthorized` for other 401 and 403, `upstream` for the rest. */
bool weld_get_response(weld_text url, weld_connector_host_http_response_t *response, weld_error *error);
/* The same; the body is that of `weld_body_text`. */
bool weld_get(weld_text url, weld_text *body, weld_error *error);

/* --- What a connector answers ------------------------------------------------------------------------------------ */

/* A column. A type that begins with `[` or `{` is JSON, all others are names. */
typedef struct {
  const char *name;
  const char *type;
  /* JSON, or NULL. */
  const char *otherwise;
} weld_field;

/* A table. Both lists end with NULL, the fields with one without a name. */
typedef struct {
  const char *name;
  const char *const *key;
  const weld_field *fields;
} weld_table;

bool weld_schema(const weld_table *tables, size_t count, weld_tables *ret);

/* A page of these rows, a JSON array, with the state that the next call needs, a JSON object. */
bool weld_answer(weld_page *page, weld_text rows, weld_text state, bool has_more);

#endif
