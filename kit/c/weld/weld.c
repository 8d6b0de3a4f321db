/* Errors, requests, schemas and pages. */
#include "weld.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) abort();
  return memory;
}

/* A copy, which the bindings may free. */
static weld_text copy(const char *string) {
  weld_buffer buffer = {0};
  weld_add(&buffer, string);
  return weld_finish(&buffer);
}

/* --- Errors ------------------------------------------------------------------------------------------------------ */

bool weld_fail(weld_error *error, uint8_t tag, const char *words, weld_text more) {
  weld_buffer buffer = {0};
  weld_add(&buffer, words);
  weld_add_text(&buffer, more);
  error->tag = tag;
  /* All errors with words keep them in the same place. */
  error->val.other = weld_finish(&buffer);
  return false;
}

bool weld_unknown_table(weld_error *error) {
  error->tag = EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNKNOWN_TABLE;
  return false;
}

bool weld_rate_limited(weld_error *error, int64_t milliseconds) {
  error->tag = EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_RATE_LIMITED;
  error->val.rate_limited.is_some = milliseconds >= 0;
  error->val.rate_limited.val = milliseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)milliseconds;
  return false;
}

/* --- The host ---------------------------------------------------------------------------------------------------- */

bool weld_variable(const char *name, weld_text *value, weld_error *error) {
  const char *found = getenv(name);
  if (found == NULL) {
    return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_MISCONFIGURED, "set the variable ", weld_text_of(name));
  }
  *value = weld_text_of(found);
  return true;
}

weld_connector_host_http_request_t weld_request(const char *method, weld_text url) {
  return (weld_connector_host_http_request_t){.method = weld_text_of(method), .url = url};
}

weld_text weld_body(const weld_connector_host_http_response_t *response) {
  if (response->body.tag == WELD_CONNECTOR_HOST_BODY_TEXT) return response->body.val.text;
  return (weld_text){.ptr = response->body.val.bytes.ptr, .len = response->body.val.bytes.len};
}

bool weld_http_failed(const weld_connector_host_http_error_t *failure, weld_error *error) {
  const uint8_t upstream = EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM;
  switch (failure->tag) {
    case WELD_CONNECTOR_HOST_HTTP_ERROR_DENIED:
      return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_MISCONFIGURED, "", failure->val.denied);
    case WELD_CONNECTOR_HOST_HTTP_ERROR_INVALID:
      return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER, "", failure->val.invalid);
    case WELD_CONNECTOR_HOST_HTTP_ERROR_CREDENTIALS:
      return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED, "", failure->val.credentials);
    case WELD_CONNECTOR_HOST_HTTP_ERROR_TIMEOUT:
      return weld_fail(error, upstream, "the API did not answer in time", weld_text_of(""));
    case WELD_CONNECTOR_HOST_HTTP_ERROR_TOO_LARGE:
      return weld_fail(error, upstream, "the API's answer is too large", weld_text_of(""));
    case WELD_CONNECTOR_HOST_HTTP_ERROR_OVER_LIMIT:
      return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER, "", failure->val.over_limit);
    case WELD_CONNECTOR_HOST_HTTP_ERROR_UNAVAILABLE: {
      bool is_told = failure->val.unavailable.is_some;
      return weld_rate_limited(error, is_told ? (int64_t)failure->val.unavailable.val : -1);
    }
    default:
      return weld_fail(error, upstream, "", failure->val.failed);
  }
}

/* In seconds, as most APIs tell it; times of day are left to the host, which reads the header by itself. */
static int64_t retry_after(const weld_connector_host_http_response_t *response) {
  int64_t seconds;
  for (size_t at = 0; at < response->headers.len; at++) {
    const connector_tuple2_string_string_t *header = &response->headers.ptr[at];
    if (weld_is(header->f0, "retry-after") && weld_json_number(header->f1, &seconds) && seconds >= 0)
      return seconds > UINT32_MAX / 1000 ? UINT32_MAX : seconds * 1000;
  }
  return -1;
}

/* An error page may be long, and a line says enough. No character is cut in two. */
static weld_text beginning(weld_text text) {
  size_t len = text.len < 200 ? text.len : 200;
  while (len > 0 && len < text.len && (text.ptr[len] & 0xC0) == 0x80) len--;
  return (weld_text){.ptr = text.ptr, .len = len};
}

bool weld_get(weld_text url, weld_text *body, weld_error *error) {
  weld_connector_host_http_request_t request = weld_request("GET", url);
  weld_connector_host_http_response_t response;
  weld_connector_host_http_error_t failure;
  if (!weld_connector_host_http_fetch(&request, &response, &failure)) return weld_http_failed(&failure, error);
  *body = weld_body(&response);
  if (response.status >= 200 && response.status < 300) return true;
  if (response.status == 429) return weld_rate_limited(error, retry_after(&response));
  weld_buffer words = {0};
  weld_add(&words, "the API answered ");
  weld_add_number(&words, response.status);
  weld_add(&words, ": ");
  if (response.body.tag == WELD_CONNECTOR_HOST_BODY_TEXT) weld_add_text(&words, beginning(*body));
  bool is_refused = response.status == 401 || response.status == 403;
  uint8_t tag = is_refused ? EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED
                           : EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM;
  return weld_fail(error, tag, "", weld_finish(&words));
}

/* --- What a connector answers ------------------------------------------------------------------------------------ */

static exports_weld_connector_source_field_t field(const weld_field *given) {
  exports_weld_connector_source_field_t made = {.name = copy(given->name)};
  bool is_json = given->type[0] == '[' || given->type[0] == '{';
  made.type.tag = is_json ? EXPORTS_WELD_CONNECTOR_SOURCE_FIELD_TYPE_DESCRIBED
                          : EXPORTS_WELD_CONNECTOR_SOURCE_FIELD_TYPE_NAMED;
  made.type.val.named = copy(given->type);
  made.default_.is_some = given->otherwise != NULL;
  if (given->otherwise != NULL) made.default_.val = copy(given->otherwise);
  return made;
}

static exports_weld_connector_source_table_t table(const weld_table *given) {
  exports_weld_connector_source_table_t made = {.name = copy(given->name)};
  size_t columns = 0, fields = 0;
  while (given->key != NULL && given->key[columns] != NULL) columns++;
  while (given->fields != NULL && given->fields[fields].name != NULL) fields++;
  made.primary_key.ptr = allocate(columns + 1, sizeof *made.primary_key.ptr);
  made.primary_key.len = columns;
  for (size_t at = 0; at < columns; at++) made.primary_key.ptr[at] = copy(given->key[at]);
  made.fields.ptr = allocate(fields + 1, sizeof *made.fields.ptr);
  made.fields.len = fields;
  for (size_t at = 0; at < fields; at++) made.fields.ptr[at] = field(&given->fields[at]);
  return made;
}

bool weld_schema(const weld_table *tables, size_t count, weld_tables *ret) {
  ret->ptr = allocate(count + 1, sizeof *ret->ptr);
  ret->len = count;
  for (size_t at = 0; at < count; at++) ret->ptr[at] = table(&tables[at]);
  return true;
}

bool weld_answer(weld_page *page, weld_text rows, weld_text state, bool has_more) {
  weld_buffer insert = {0}, kept = {0};
  weld_add_text(&insert, rows);
  weld_add_text(&kept, state);
  *page = (weld_page){.insert = weld_finish(&insert), .state = weld_finish(&kept), .has_more = has_more};
  return true;
}
