/* Errors, requests, schemas and pages. */
#include "weld.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) abort();
  return memory;
}

/* A copy that the bindings may free. */
static weld_text copy(const char *string) {
  weld_buffer buffer = {0};
  weld_add(&buffer, string);
  return weld_finish(&buffer);
}

/* --- Errors ------------------------------------------------------------------------------------------------------ */

bool weld_fail(weld_error *error, uint8_t tag, const char *message, weld_text more) {
  weld_buffer buffer = {0};
  weld_add(&buffer, message);
  weld_add_text(&buffer, more);
  /* Only functions that take a path set it. Each call begins without an error. */
  if (errno == ENOENT && tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER) {
    weld_add(&buffer, "; a component has no files when it runs: write the data into the source, and keep values for the next page "
                      "in the state");
  }
  error->tag = tag;
  /* Every error with a message keeps it in the same place. */
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
    weld_buffer message = {0};
    weld_add(&message, name);
    weld_add(&message, " is missing: set it in the section [env] of the connector's configuration");
    return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_MISCONFIGURED, "", weld_finish(&message));
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
      return weld_fail(error, upstream, "the API's response is too large", weld_text_of(""));
    case WELD_CONNECTOR_HOST_HTTP_ERROR_OVER_LIMIT:
      return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER, "", failure->val.over_limit);
    case WELD_CONNECTOR_HOST_HTTP_ERROR_UNAVAILABLE: {
      bool has_wait = failure->val.unavailable.is_some;
      return weld_rate_limited(error, has_wait ? (int64_t)failure->val.unavailable.val : -1);
    }
    default:
      return weld_fail(error, upstream, "", failure->val.failed);
  }
}

/* Gets the value of a header. False if it is missing. */
static bool header_of(const weld_connector_host_http_response_t *response, const char *name, weld_text *value) {
  for (size_t at = 0; at < response->headers.len; at++) {
    const connector_tuple2_string_string_t *header = &response->headers.ptr[at];
    if (weld_is(header->f0, name)) {
      *value = header->f1;
      return true;
    }
  }
  return false;
}

/* A number of seconds with up to three decimals, in thousandths. -1 if the value is not such a number, or so large that it
 * is a time since 1970. */
static int64_t thousandths(weld_text value) {
  while (value.len > 0 && value.ptr[0] == ' ') value.ptr++, value.len--;
  while (value.len > 0 && value.ptr[value.len - 1] == ' ') value.len--;
  weld_text whole = value;
  int64_t number, more = 0;
  for (whole.len = 0; whole.len < value.len && value.ptr[whole.len] != '.';) whole.len++;
  if (!weld_json_number(whole, &number) || number < 0 || number >= 1000000000) return -1;
  int64_t place = 100;
  for (size_t at = whole.len + 1; at < value.len; at++, place /= 10) {
    if (value.ptr[at] < '0' || value.ptr[at] > '9') return -1;
    more += (value.ptr[at] - '0') * place;
  }
  return number * 1000 + more;
}

/* Whether a header has the remaining requests of a quota, such as x-ratelimit-minutely-remaining. */
static bool is_remaining(weld_text name) {
  char text[64];
  if (name.len >= sizeof text) return false;
  memcpy(text, name.ptr, name.len);
  text[name.len] = 0;
  return strstr(text, "remaining") != NULL && (strstr(text, "ratelimit") != NULL || strstr(text, "rate-limit") != NULL);
}

/* Whether a quota is exhausted. `wait` is the milliseconds until its reset, or -1 if the reset is not a number of seconds. */
static bool is_spent(const weld_connector_host_http_response_t *response, int64_t *wait) {
  bool found = false;
  *wait = -1;
  for (size_t at = 0; at < response->headers.len; at++) {
    const connector_tuple2_string_string_t *header = &response->headers.ptr[at];
    if (!is_remaining(header->f0) || !weld_is(header->f1, "0")) continue;
    char name[64];
    weld_text value;
    memcpy(name, header->f0.ptr, header->f0.len);
    name[header->f0.len] = 0;
    char *word = strstr(name, "remaining"), *rest = word + strlen("remaining");
    memcpy(word, "reset", strlen("reset"));
    memmove(word + strlen("reset"), rest, strlen(rest) + 1);
    int64_t reset = header_of(response, name, &value) ? thousandths(value) : -1;
    /* The quota has been reset. */
    if (reset == 0) continue;
    found = true;
    if (reset > *wait) *wait = reset;
  }
  return found;
}

/* The milliseconds that a header asks to wait, or -1 if none does. Times of day are left to the host, which also reads the
 * headers. */
static int64_t requested_wait(const weld_connector_host_http_response_t *response) {
  static const char *const milliseconds[] = {"retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms"};
  static const char *const seconds[] = {"retry-after",
                                        "x-retry-after",
                                        "x-ratelimit-retry-after",
                                        "x-rate-limit-retry-after",
                                        "ratelimit-retry-after",
                                        "x-ratelimit-reset-after",
                                        "x-rate-limit-reset-after",
                                        "ratelimit-reset-after"};
  bool has_quota = false;
  for (size_t at = 0; at < response->headers.len; at++) has_quota |= is_remaining(response->headers.ptr[at].f0);
  int64_t reset, first = -1;
  size_t names = has_quota && !is_spent(response, &reset) ? 5 : 8;
  for (size_t at = 0; at < 3 + names; at++) {
    weld_text value;
    if (!header_of(response, at < 3 ? milliseconds[at] : seconds[at - 3], &value)) continue;
    int64_t wait = thousandths(value);
    if (at < 3 && wait > 0) wait /= 1000;
    if (wait > 0) return wait;
    if (wait == 0) first = 0;
  }
  return first;
}

/* Whether a header has a time of day or a time since 1970: it asks for a wait, but the kit does not compute how long. */
static bool has_time(const weld_connector_host_http_response_t *response) {
  weld_text value;
  bool is_there = header_of(response, "retry-after", &value) || header_of(response, "x-retry-after", &value);
  bool is_date = is_there && value.len >= 24 && value.ptr[value.len - 1] == 'T';
  int64_t number;
  return is_date || (is_there && weld_json_number(value, &number) && number >= 1000000000);
}

static bool is_one_of(uint16_t status, const uint16_t *statuses, size_t count) {
  for (size_t at = 0; at < count; at++)
    if (statuses[at] == status) return true;
  return false;
}

/* Whether a response refuses a request because of a quota. `wait` is the milliseconds to wait, or -1 if the response does
 * not say. */
static bool is_rate_limit(const weld_connector_host_http_response_t *response, int64_t *wait) {
  /* Refusals that no wait changes, even if they ask for one: of the credential, the resource or the method. */
  static const uint16_t lasting[] = {401, 404, 405, 407, 410, 451, 501};
  /* Statuses with which APIs refuse requests beyond a quota. */
  static const uint16_t of_quotas[] = {400, 402, 403, 420, 429, 430, 503, 509, 529};
  uint16_t status = response->status;
  if (status < 400 || is_one_of(status, lasting, sizeof lasting / sizeof *lasting)) return false;
  int64_t requested = requested_wait(response), reset = -1;
  bool is_quota = is_one_of(status, of_quotas, sizeof of_quotas / sizeof *of_quotas) && is_spent(response, &reset);
  *wait = requested > 0 || reset < 0 ? requested : reset;
  if (*wait > UINT32_MAX) *wait = UINT32_MAX;
  return status == 429 || status == 420 || requested > 0 || is_quota || has_time(response);
}

/* Adds the beginning of a body, which may be long: at most 200 characters, in one line, after `separator`. Adds nothing if the
 * body is empty. */
static void add_beginning(weld_buffer *message, const char *separator, weld_text body) {
  size_t characters = 0;
  bool is_space = false;
  for (size_t at = 0; at < body.len; at++) {
    weld_text byte = {.ptr = body.ptr + at, .len = 1};
    if (*byte.ptr <= ' ') {
      is_space = true;
      continue;
    }
    /* No character is cut in two. */
    if ((*byte.ptr & 0xC0) != 0x80) {
      if (characters == 0) weld_add(message, separator);
      if (is_space && characters > 0) {
        weld_add(message, " ");
        characters++;
      }
      is_space = false;
      if (characters >= 200) {
        weld_add(message, "\xe2\x80\xa6");
        return;
      }
      characters++;
    }
    weld_add_text(message, byte);
  }
}

/* Adds `GET` and a URL as messages show it: without query, fragment and user, which may contain secrets. */
static void add_get(weld_buffer *message, weld_text url) {
  size_t end = 0, begin = 0, user = 0;
  while (end < url.len && url.ptr[end] != '?' && url.ptr[end] != '#') end++;
  for (size_t at = 0; begin == 0 && at + 3 <= end; at++)
    if (memcmp(url.ptr + at, "://", 3) == 0) begin = at + 3;
  for (size_t at = begin; at < end && url.ptr[at] != '/'; at++)
    if (url.ptr[at] == '@') user = at + 1 - begin;
  weld_add(message, "GET ");
  weld_add_text(message, (weld_text){.ptr = url.ptr, .len = begin});
  weld_add_text(message, (weld_text){.ptr = url.ptr + begin + user, .len = end - begin - user});
}

/* Sets the error for a GET that failed without a status, with its URL. Returns false. */
static bool get_failed(weld_text url, const weld_connector_host_http_error_t *failure, weld_error *error) {
  weld_http_failed(failure, error);
  if (error->tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_RATE_LIMITED) return false;
  weld_buffer message = {0};
  add_get(&message, url);
  weld_add(&message, ": ");
  weld_add_text(&message, error->val.other);
  error->val.other = weld_finish(&message);
  return false;
}

bool weld_get_response(weld_text url, weld_connector_host_http_response_t *response, weld_error *error) {
  weld_connector_host_http_request_t request = weld_request("GET", url);
  weld_connector_host_http_error_t failure;
  if (!weld_connector_host_http_fetch(&request, response, &failure)) return get_failed(url, &failure, error);
  if (response->status >= 200 && response->status < 300) return true;
  int64_t wait;
  if (is_rate_limit(response, &wait)) return weld_rate_limited(error, wait);
  weld_buffer message = {0};
  add_get(&message, url);
  weld_add(&message, " answered ");
  weld_add_number(&message, response->status);
  weld_text body;
  weld_error unread;
  if (weld_body_text(response, &body, &unread)) add_beginning(&message, ": ", body);
  bool is_refused = response->status == 401 || response->status == 403;
  uint8_t tag = is_refused ? EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED
                           : EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM;
  return weld_fail(error, tag, "", weld_finish(&message));
}

bool weld_get(weld_text url, weld_text *body, weld_error *error) {
  weld_connector_host_http_response_t response;
  return weld_get_response(url, &response, error) && weld_body_text(&response, body, error);
}

/* Whether a tag of an HTML page is in the beginning of a text. */
static bool is_html(weld_text text) {
  static const char *const tags[] = {"!doctype html", "html", "head", "title", "body", "h1", "h2", "p", "div", "center"};
  for (size_t at = 0; at < text.len && at < 200; at++) {
    if (text.ptr[at] != '<') continue;
    for (size_t tag = 0; tag < sizeof tags / sizeof *tags; tag++) {
      size_t end = 0;
      while (tags[tag][end] != 0 && at + 1 + end < text.len) {
        uint8_t letter = text.ptr[at + 1 + end];
        if ((letter >= 'A' && letter <= 'Z' ? letter + 32 : letter) != (uint8_t)tags[tag][end]) break;
        end++;
      }
      if (tags[tag][end] != 0) continue;
      uint8_t next = at + 1 + end < text.len ? text.ptr[at + 1 + end] | 32 : ' ';
      if ((next < 'a' || next > 'z') && (next < '0' || next > '9')) return true;
    }
  }
  return false;
}

bool weld_get_json(weld_text url, weld_text *value, weld_error *error) {
  if (!weld_get(url, value, error)) return false;
  size_t at = 0;
  while (at < value->len && value->ptr[at] <= ' ') at++;
  if (at < value->len && (value->ptr[at] == '{' || value->ptr[at] == '[')) return true;
  weld_buffer message = {0};
  weld_add(&message, "the response to ");
  add_get(&message, url);
  if (at == value->len) {
    weld_add(&message, " is not JSON: its body is empty");
  } else {
    bool is_markup = value->ptr[at] == '<';
    weld_add(&message, !is_markup ? " is not JSON" : is_html(*value) ? " is HTML, not JSON" : " is XML, not JSON");
    add_beginning(&message, ": ", *value);
  }
  return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM, "", weld_finish(&message));
}

/* --- Schemas and pages -------------------------------------------------------------------------------------------- */

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
