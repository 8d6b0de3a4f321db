/* The connector of docs/conformance.md. It must pass every case. */
#include "weld.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define OVERLAP 3600
#define LAST_DAY (3 * DAY)

typedef weld_connector_host_http_request_t request_t;
typedef weld_connector_host_http_response_t response_t;
typedef weld_connector_host_http_error_t failure_t;

static const char *const fields_key[] = {"id", "part", NULL};
static const char *const id_key[] = {"id", NULL};
static const weld_field fields[] = {
    {"id", "int", NULL}, {"name", "string", "\"none\""}, {"tags", "[\"null\", \"string\"]", NULL}, {NULL, NULL, NULL}};

static const char *const names[] = {
    "page_number", "offset", "cursor", "keyset", "time_window", "empty", "unicode", "text", "numbers", "large", "environment",
    "missing_variable", "unknown_table", "misconfigured", "invalid_state", "unauthorized", "upstream", "other",
    "rate_limited", "uncaught", "wait", "sleep", "sleep_past_the_page", "http_denied", "http_invalid",
    "http_credentials", "http_timeout", "http_too_large", "http_over_limit", "http_failed", "http_unavailable",
    "http_echo", "logs"};
#define NAMES (sizeof names / sizeof *names)

bool exports_weld_connector_source_schema(weld_tables *ret, weld_error *error) {
  (void)error;
  weld_table tables[NAMES + 1] = {{.name = "fields", .key = fields_key, .fields = fields}};
  for (size_t at = 0; at < NAMES; at++) tables[at + 1] = (weld_table){.name = names[at], .key = id_key};
  return weld_schema(tables, NAMES + 1, ret);
}

/* Makes a URL: BASE_URL, a path, and a number unless it is NULL. */
static bool url(weld_text *made, const char *path, const int64_t *number, weld_error *error) {
  weld_text base;
  if (!weld_variable("BASE_URL", &base, error)) return false;
  weld_buffer buffer = {0};
  weld_add_text(&buffer, base);
  weld_add(&buffer, path);
  if (number != NULL) weld_add_number(&buffer, *number);
  *made = weld_finish(&buffer);
  return true;
}

static bool get(weld_text *answer, const char *path, const int64_t *number, weld_error *error) {
  weld_text made;
  return url(&made, path, number, error) && weld_get(made, answer, error);
}

/* A state with one key. */
static weld_text state_of(const char *key, int64_t number) {
  weld_buffer state = {0};
  weld_add(&state, "{\"");
  weld_add(&state, key);
  weld_add(&state, "\": ");
  weld_add_number(&state, number);
  weld_add(&state, "}");
  return weld_finish(&state);
}

static weld_text items(weld_text answer) {
  weld_text found;
  return weld_json_get(answer, "items", &found) ? found : weld_text_of("null");
}

static size_t count(weld_text array, weld_text *last) {
  size_t found = 0, at = 0;
  while (weld_json_next(array, &at, last)) found++;
  return found;
}

static bool last(weld_page *page, const char *rows) {
  return weld_answer(page, weld_text_of(rows), weld_text_of("{}"), false);
}

static bool page_number(weld_text state, weld_page *page, weld_error *error) {
  int64_t number = weld_json_number_of(state, "page", 1);
  weld_text answer;
  if (!get(&answer, "/page-number?page=", &number, error)) return false;
  bool has_more = number < weld_json_number_of(answer, "pages", 0);
  return weld_answer(page, items(answer), state_of("page", number + 1), has_more);
}

static bool offset(weld_text state, weld_page *page, weld_error *error) {
  int64_t begin = weld_json_number_of(state, "offset", 0);
  weld_text answer, item;
  if (!get(&answer, "/offset?offset=", &begin, error)) return false;
  int64_t next = begin + (int64_t)count(items(answer), &item);
  bool has_more = next < weld_json_number_of(answer, "total", 0);
  return weld_answer(page, items(answer), state_of("offset", next), has_more);
}

static bool cursor(weld_text state, weld_page *page, weld_error *error) {
  weld_buffer path = {0};
  weld_text value, known, answer;
  weld_add(&path, "/cursor");
  if (weld_json_get(state, "cursor", &value) && weld_json_string(value, &known)) {
    weld_add(&path, "?cursor=");
    weld_add_url_part(&path, known);
  }
  weld_add_text(&path, (weld_text){.ptr = (uint8_t *)"", .len = 1});
  if (!get(&answer, (const char *)weld_finish(&path).ptr, NULL, error)) return false;
  weld_text next = weld_text_of("null"), characters;
  weld_json_get(answer, "next", &next);
  weld_buffer kept = {0};
  weld_add(&kept, "{\"cursor\": ");
  weld_add_text(&kept, next);
  weld_add(&kept, "}");
  return weld_answer(page, items(answer), weld_finish(&kept), weld_json_string(next, &characters));
}

static bool keyset(weld_text state, weld_page *page, weld_error *error) {
  int64_t after = weld_json_number_of(state, "after", 0);
  weld_text answer, item;
  if (!get(&answer, "/keyset?after=", &after, error)) return false;
  bool has_more = count(items(answer), &item) > 0;
  if (has_more) after = weld_json_number_of(item, "id", after);
  return weld_answer(page, items(answer), state_of("after", after), has_more);
}

static bool time_window(weld_text state, weld_page *page, weld_error *error) {
  int64_t begin = weld_json_number_of(state, "begin", 0);
  int64_t from = begin > OVERLAP ? begin - OVERLAP : 0, to = begin + DAY;
  char path[64];
  snprintf(path, sizeof path, "/time-window?from=%lld&to=", (long long)from);
  weld_text answer;
  if (!get(&answer, path, &to, error)) return false;
  return weld_answer(page, items(answer), state_of("begin", to), to < LAST_DAY);
}

static bool large(weld_page *page) {
  char text[1001];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  weld_buffer rows = {0};
  for (int64_t id = 1; id <= 10000; id++) {
    weld_add(&rows, id == 1 ? "[{\"id\": " : ", {\"id\": ");
    weld_add_number(&rows, id);
    weld_add(&rows, ", \"text\": \"");
    weld_add(&rows, text);
    weld_add(&rows, "\"}");
  }
  weld_add(&rows, "]");
  return weld_answer(page, weld_finish(&rows), weld_text_of("{}"), false);
}

static bool environment(weld_page *page, weld_error *error) {
  weld_text greeting;
  if (!weld_variable("GREETING", &greeting, error)) return false;
  weld_buffer rows = {0};
  weld_add(&rows, "[{\"id\": 1, \"greeting\": ");
  weld_add_json_string(&rows, greeting);
  weld_add(&rows, "}]");
  return weld_answer(page, weld_finish(&rows), weld_text_of("{}"), false);
}

static bool slept(uint32_t milliseconds, weld_page *page) {
  weld_connector_host_out_of_time_t out_of_time;
  bool is_over = weld_connector_host_sleep(milliseconds, &out_of_time);
  return last(page, is_over ? "[{\"id\": 1, \"slept\": true}]" : "[{\"id\": 1, \"slept\": false}]");
}

static const char *name(const failure_t *failure) {
  static const char *const all[] = {"denied",    "invalid",    "credentials", "timeout",
                                    "too-large", "over-limit", "unavailable", "failed"};
  return all[failure->tag];
}

static bool failed(const char *error, weld_page *page) {
  weld_buffer rows = {0};
  weld_add(&rows, "[{\"id\": 1, \"error\": ");
  if (error == NULL) weld_add(&rows, "null");
  else weld_add_json_string(&rows, weld_text_of(error));
  weld_add(&rows, "}]");
  return weld_answer(page, weld_finish(&rows), weld_text_of("{}"), false);
}

/* Sends a request up to `times` times and returns its first error, ignoring the error named `ignored`. */
static bool fails(request_t request, size_t times, const char *ignored, weld_page *page) {
  response_t response;
  failure_t failure;
  for (; times > 0; times--) {
    if (weld_connector_host_http_fetch(&request, &response, &failure)) {
      weld_connector_host_http_response_free(&response);
    } else if (strcmp(name(&failure), ignored) != 0) {
      return failed(name(&failure), page);
    }
  }
  return failed(NULL, page);
}

static bool fails_at(const char *path, request_t options, size_t times, weld_page *page, weld_error *error) {
  weld_text made;
  if (!url(&made, path, NULL, error)) return false;
  options.method = weld_text_of("GET");
  options.url = made;
  return fails(options, times, "", page);
}

static bool echo(weld_page *page, weld_error *error) {
  weld_text made;
  if (!url(&made, "/echo", NULL, error)) return false;
  connector_tuple2_string_string_t header = {.f0 = weld_text_of("x-conformance"), .f1 = weld_text_of("yes")};
  request_t request = weld_request("POST", made);
  request.headers.ptr = &header;
  request.headers.len = 1;
  request.body.is_some = true;
  request.body.val.tag = WELD_CONNECTOR_HOST_BODY_TEXT;
  request.body.val.val.text = weld_text_of("h\xc3\xa9llo");
  response_t response;
  failure_t failure;
  if (!weld_connector_host_http_fetch(&request, &response, &failure)) return weld_http_failed(&failure, error);
  weld_buffer rows = {0};
  weld_add(&rows, "[{\"id\": 1, \"status\": ");
  weld_add_number(&rows, response.status);
  static const char *const keys[] = {"method", "header", "body"};
  for (size_t at = 0; at < sizeof keys / sizeof *keys; at++) {
    weld_text value = weld_text_of("null");
    weld_json_get(weld_body(&response), keys[at], &value);
    weld_add(&rows, ", ");
    weld_add_json_string(&rows, weld_text_of(keys[at]));
    weld_add(&rows, ": ");
    weld_add_text(&rows, value);
  }
  weld_add(&rows, "}]");
  return weld_answer(page, weld_finish(&rows), weld_text_of("{}"), false);
}

static bool text(weld_text state, weld_page *page, weld_error *error) {
  int64_t number = weld_json_number_of(state, "case", 1);
  weld_text made, read;
  response_t response;
  failure_t failure;
  if (!url(&made, "/text?case=", &number, error)) return false;
  request_t request = weld_request("GET", made);
  if (!weld_connector_host_http_fetch(&request, &response, &failure)) return weld_http_failed(&failure, error);
  if (response.status == 404) return last(page, "[]");
  weld_error refused;
  weld_buffer rows = {0};
  weld_add(&rows, "[{\"id\": ");
  weld_add_number(&rows, number);
  weld_add(&rows, ", \"text\": ");
  if (weld_body_text(&response, &read, &refused)) {
    weld_add_json_string(&rows, read);
  } else {
    weld_add(&rows, "null");
  }
  weld_add(&rows, "}]");
  return weld_answer(page, weld_finish(&rows), state_of("case", number + 1), true);
}

static bool logs(weld_page *page) {
  static const char *const lines[] = {"at debug", "at info", "at warn", "at error"};
  for (uint8_t level = WELD_CONNECTOR_HOST_LOG_LEVEL_DEBUG; level <= WELD_CONNECTOR_HOST_LOG_LEVEL_ERROR; level++) {
    weld_text line = weld_text_of(lines[level]);
    weld_connector_host_log(level, &line);
  }
  return last(page, "[]");
}

static bool waits(weld_text state, weld_page *page) {
  weld_text second;
  if (weld_json_get(state, "second", &second)) return last(page, "[{\"id\": 2}]");
  weld_answer(page, weld_text_of("[{\"id\": 1}]"), weld_text_of("{\"second\": 1}"), true);
  page->wait.is_some = true;
  page->wait.val = 100;
  return true;
}

bool exports_weld_connector_source_fetch_page(weld_text *table, weld_text *given, weld_page *page, weld_error *error) {
  static const struct {
    const char *table;
    uint8_t tag;
  } errors[] = {
      {"misconfigured", EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_MISCONFIGURED},
      {"invalid_state", EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_INVALID_STATE},
      {"unauthorized", EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED},
      {"upstream", EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM},
      {"other", EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER},
  };
  for (size_t at = 0; at < sizeof errors / sizeof *errors; at++) {
    if (weld_is(*table, errors[at].table)) return weld_fail(error, errors[at].tag, "words of ", *table);
  }
  weld_text state = *given, answer;
  const request_t plain = {0};
#define IS(name) if (weld_is(*table, name))
  IS("fields") return last(page, "[]");
  IS("page_number") return page_number(state, page, error);
  IS("offset") return offset(state, page, error);
  IS("cursor") return cursor(state, page, error);
  IS("keyset") return keyset(state, page, error);
  IS("time_window") return time_window(state, page, error);
  IS("empty") return get(&answer, "/empty", NULL, error) && weld_answer(page, items(answer), weld_text_of("{}"), false);
  IS("unicode")
  return get(&answer, "/unicode", NULL, error) && weld_answer(page, items(answer), weld_text_of("{}"), false);
  IS("text") return text(state, page, error);
  IS("numbers")
  return get(&answer, "/numbers", NULL, error) && weld_answer(page, items(answer), weld_text_of("{}"), false);
  IS("large") return large(page);
  IS("environment") return environment(page, error);
  IS("missing_variable") return weld_variable("NOT_SET", &answer, error) && last(page, "[]");
  IS("unknown_table") return weld_unknown_table(error);
  IS("rate_limited") return weld_rate_limited(error, 1500);
  IS("uncaught") {
    fputs("the last words\n", stderr);
    abort();
  }
  IS("wait") return waits(state, page);
  IS("sleep") return slept(10, page);
  IS("sleep_past_the_page") return slept(3600000, page);
  IS("http_denied") return fails(weld_request("GET", weld_text_of("https://denied.example.com/")), 1, "", page);
  IS("http_invalid") return fails(weld_request("GET", weld_text_of("no url")), 1, "", page);
  IS("http_credentials") {
    request_t options = {.credential = {.is_some = true, .val = weld_text_of("none")}};
    return fails_at("/empty", options, 1, page, error);
  }
  IS("http_timeout") {
    request_t options = {.timeout = {.is_some = true, .val = 100}};
    return fails_at("/slow", options, 1, page, error);
  }
  IS("http_too_large") return fails_at("/large", plain, 1, page, error);
  IS("http_over_limit") return fails_at("/empty", plain, 100, page, error);
  IS("http_failed") return fails(weld_request("GET", weld_text_of("http://127.0.0.1:1/")), 1, "", page);
  IS("http_unavailable") return fails(weld_request("GET", weld_text_of("http://127.0.0.1:1/")), 100, "failed", page);
  IS("http_echo") return echo(page, error);
  IS("logs") return logs(page);
  return weld_unknown_table(error);
}
