/* Tests texts, JSON and the errors of requests as a native program; kit/c/test runs it. */
#include "weld.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checked, failed;

static void check(const char *what, const char *of, bool holds) {
  checked++;
  if (holds) return;
  failed++;
  printf("failed: %s, for %s\n", what, of);
}

static const char *string_of(weld_text text) {
  char *string = calloc(text.len + 1, 1);
  if (text.len > 0) memcpy(string, text.ptr, text.len);
  return string;
}

/* A copy without a terminating zero, so that a read past its end is detected. */
static weld_text exactly(const char *string) {
  weld_text text = {.ptr = malloc(strlen(string)), .len = strlen(string)};
  memcpy(text.ptr, string, text.len);
  return text;
}

static void numbers_are_written(void) {
  static const struct {
    int64_t number;
    const char *text;
  } cases[] = {{0, "0"}, {-1, "-1"}, {1200, "1200"}, {INT64_MAX, "9223372036854775807"},
               {INT64_MIN, "-9223372036854775808"}};
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    weld_buffer buffer = {0};
    int64_t read;
    weld_add_number(&buffer, cases[at].number);
    weld_text text = weld_finish(&buffer);
    check("a number is written", cases[at].text, weld_is(text, cases[at].text));
    check("the number is read back", cases[at].text, weld_json_number(text, &read) && read == cases[at].number);
  }
  static const char *const none[] = {"", "-", "1.0", "1e3", "x", "\"1\"", "9223372036854775808", "NaN", "Infinity", "-inf",
                                     "-9223372036854775809", "92233720368547758070", "0.12345678901234567890", "null"};
  for (size_t at = 0; at < sizeof none / sizeof *none; at++) {
    int64_t read;
    check("not a whole number", none[at], !weld_json_number(exactly(none[at]), &read));
  }
}

static void numbers_keep_every_digit(void) {
  static const char *const cases[] = {"9007199254740993", "123456789012345678901234567890", "0.12345678901234567890", "-1.50e+400",
                                      "0.10"};
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    char row[64];
    snprintf(row, sizeof row, "{\"id\": %s, \"b\": 1}", cases[at]);
    weld_text value;
    check("the text of a number", cases[at], weld_json_get(exactly(row), "id", &value) && weld_is(value, cases[at]));
  }
}

static void strings_are_escaped(void) {
  static const char *const cases[][3] = {
      /* plain, in JSON, in a URL */
      {"plain-._~", "\"plain-._~\"", "plain-._~"},
      {"a\"b\\c/", "\"a\\\"b\\\\c/\"", "a%22b%5Cc%2F"},
      {"\n\x1f", "\"\\u000A\\u001F\"", "%0A%1F"},
      {"h\xc3\xa9 &", "\"h\xc3\xa9 &\"", "h%C3%A9%20%26"},
      {"", "\"\"", ""},
  };
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    weld_buffer json = {0}, url = {0};
    weld_text back;
    weld_add_json_string(&json, exactly(cases[at][0]));
    weld_add_url_part(&url, exactly(cases[at][0]));
    weld_text written = weld_finish(&json);
    check("in JSON", cases[at][0], weld_is(written, cases[at][1]));
    check("in a URL", cases[at][0], weld_is(weld_finish(&url), cases[at][2]));
    check("read back", cases[at][0], weld_json_string(written, &back) && weld_is(back, cases[at][0]));
  }
}

static void escapes_are_read(void) {
  static const char *const cases[][2] = {
      {"\"\\b\\f\\n\\r\\t\\/\"", "\b\f\n\r\t/"},  {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
      {"\"\\ud83c\\udf7A!\"", "\xf0\x9f\x8d\xba!"}, {"\"\\ud83cx\"", "\xef\xbf\xbdx"},
      {"\"\\udf7a\"", "\xef\xbf\xbd"},              {"\"\\ud83c\\u0041\"", "\xef\xbf\xbd" "A"},
  };
  weld_text text;
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    bool is_read = weld_json_string(exactly(cases[at][0]), &text);
    check("an escape", cases[at][0], is_read && weld_is(text, cases[at][1]));
  }
  static const char *const none[] = {"", "\"", "\"a", "a", "1", "null", "\"\\\"",
                                     "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\"b"};
  for (size_t at = 0; at < sizeof none / sizeof *none; at++)
    check("not a string", none[at], !weld_json_string(exactly(none[at]), &text));
}

static void values_are_found(void) {
  static const char *const cases[][3] = {
      /* an object, a key, its value or NULL */
      {"{\"a\": 1}", "a", "1"},
      {" { \"a\" : 1 , \"b\":[1, {\"c\": \"]\"}] } ", "b", "[1, {\"c\": \"]\"}]"},
      {"{\"x\": {\"a\": 1}, \"a\": \"}\\\"\"}", "a", "\"}\\\"\""},
      {"{\"\\u0061\": true}", "a", "true"},
      {"{\"b\": \"a\"}", "a", NULL},
      {"{}", "a", NULL},
      {"[\"a\", 1]", "a", NULL},
      {"{\"a\": 1", "a", "1"},
      {"{\"a\"", "a", NULL},
      {"{\"a\":", "a", NULL},
      {"{\"a\": ]", "a", NULL},
      {"{\"a\": [1", "a", NULL},
      {"{\"a\": \"b", "a", NULL},
      {"{\"a\": [\"b", "a", NULL},
      {"{\"b\": 1 \"a\": 2}", "a", NULL},
      {"", "a", NULL},
  };
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    weld_text value;
    bool is_found = weld_json_get(exactly(cases[at][0]), cases[at][1], &value);
    const char *expected = cases[at][2];
    check("a value", cases[at][0], expected == NULL ? !is_found : is_found && weld_is(value, expected));
  }
}

static void items_are_found_in_order(void) {
  static const struct {
    const char *array;
    const char *joined;
  } cases[] = {
      {"[]", ""},           {" [ ] ", ""},          {"[1]", "1;"},
      {"[1, \"a,b\" ,[2,3],{\"c\": [4]}]", "1;\"a,b\";[2,3];{\"c\": [4]};"},
      {"{\"a\": 1}", ""},   {"null", ""},           {"[1, ", "1;"},
      {"", ""},
  };
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    weld_buffer joined = {0};
    weld_text item;
    for (size_t place = 0; weld_json_next(exactly(cases[at].array), &place, &item);) {
      weld_add_text(&joined, item);
      weld_add(&joined, ";");
    }
    check("items", cases[at].array, weld_is(weld_finish(&joined), cases[at].joined));
  }
}

/* The host's next answer. */
static weld_connector_host_http_response_t response;
static weld_connector_host_http_error_t failure;
static bool fails;

bool weld_connector_host_http_fetch(weld_connector_host_http_request_t *request,
                                    weld_connector_host_http_response_t *ret, weld_connector_host_http_error_t *err) {
  (void)request;
  *ret = response;
  *err = failure;
  return !fails;
}

static void statuses_are_errors(void) {
  connector_tuple2_string_string_t header = {.f0 = weld_text_of("x-ratelimit-remaining"), .f1 = weld_text_of("4000")};
  static const struct {
    uint16_t status;
    int tag; /* -1: none */
  } cases[] = {{200, -1},
               {204, -1},
               {301, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM},
               {401, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED},
               {403, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED},
               {404, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM},
               {429, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_RATE_LIMITED},
               {500, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM}};
  weld_buffer long_body = {0};
  for (int at = 0; at < 150; at++) weld_add(&long_body, at == 0 ? " a\xc3\xa9" : "a\xc3\xa9");
  weld_text text = weld_finish(&long_body), body;
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    char status[8];
    snprintf(status, sizeof status, "%d", cases[at].status);
    response = (weld_connector_host_http_response_t){.status = cases[at].status, .headers = {.ptr = &header, .len = 1}};
    response.body.val.text = text;
    weld_error error = {0};
    bool is_fine = weld_get(weld_text_of("https://me:secret@api.example.com/books@?key=secret#x"), &body, &error);
    bool is_right = cases[at].tag < 0 ? is_fine && body.len == text.len : !is_fine && error.tag == cases[at].tag;
    check("an error, or none", status, is_right);
    if (cases[at].status == 500) {
      const char *message = string_of(error.val.upstream);
      static const char begin[] = "GET https://api.example.com/books@ answered 500: a\xc3\xa9" "a";
      check("the message has request and status", message, strncmp(message, begin, strlen(begin)) == 0);
      check("no half character", message, strlen(message) == strlen(begin) - 4 + 300 + 3 && strstr(message, "\xc3\xa9\xe2\x80\xa6"));
    }
  }
}

static void refusals_because_of_a_quota_are_rate_limits(void) {
  static const struct {
    uint16_t status;
    const char *names[2], *values[2];
    int64_t wait; /* -1: unknown, -2: not a rate limit */
  } cases[] = {{429, {"x-a", "x-b"}, {"", ""}, -1},
               {429, {"retry-after", "x-b"}, {"7", ""}, 7000},
               {429, {"retry-after", "x-b"}, {"0", ""}, 0},
               {420, {"x-a", "x-b"}, {"", ""}, -1},
               {403, {"retry-after", "x-ratelimit-remaining"}, {" 7 ", "4000"}, 7000},
               {400, {"x-retry-after", "x-b"}, {"0.5", ""}, 500},
               {503, {"retry-after", "retry-after-ms"}, {"1", "350"}, 350},
               {500, {"x-ms-retry-after-ms", "x-b"}, {"350", ""}, 350},
               {529, {"x-ratelimit-reset-after", "x-b"}, {"0.25", ""}, 250},
               {403, {"x-ratelimit-remaining", "x-ratelimit-reset"}, {"0", "7"}, 7000},
               {403, {"x-ratelimit-remaining", "x-ratelimit-reset"}, {"0", "1792567687"}, -1},
               {400, {"x-ratelimit-minutely-remaining", "x-ratelimit-minutely-reset"}, {"0", "7"}, 7000},
               {403, {"retry-after", "x-b"}, {"Wed, 21 Oct 2026 07:28:00 GMT", ""}, -1},
               {403, {"retry-after", "x-b"}, {"1792567687", ""}, -1},
               {403, {"x-a", "x-b"}, {"", ""}, -2},
               {403, {"retry-after", "x-b"}, {"0", ""}, -2},
               {403, {"retry-after", "x-b"}, {"soon", ""}, -2},
               {403, {"x-ratelimit-remaining", "x-ratelimit-reset"}, {"4000", "7"}, -2},
               {403, {"x-ratelimit-remaining", "x-ratelimit-reset-after"}, {"1", "7"}, -2},
               {403, {"x-ratelimit-remaining", "x-ratelimit-reset"}, {"0", "0"}, -2},
               {401, {"retry-after", "x-b"}, {"7", ""}, -2},
               {404, {"retry-after", "x-b"}, {"7", ""}, -2},
               {422, {"x-ratelimit-remaining", "x-b"}, {"0", ""}, -2},
               {503, {"x-a", "x-b"}, {"", ""}, -2}};
  weld_text body;
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    connector_tuple2_string_string_t headers[2];
    for (int number = 0; number < 2; number++) {
      headers[number].f0 = weld_text_of(cases[at].names[number]);
      headers[number].f1 = weld_text_of(cases[at].values[number]);
    }
    response = (weld_connector_host_http_response_t){.status = cases[at].status, .headers = {.ptr = headers, .len = 2}};
    weld_error error = {0};
    char shown[64];
    snprintf(shown, sizeof shown, "%d %s", cases[at].status, cases[at].names[0]);
    check("an error", shown, !weld_get(weld_text_of("u"), &body, &error));
    bool is_limit = error.tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_RATE_LIMITED;
    check("a rate limit, or none", shown, is_limit == (cases[at].wait != -2));
    if (is_limit) {
      int64_t wait = error.val.rate_limited.is_some ? (int64_t)error.val.rate_limited.val : -1;
      check("how long", shown, wait == cases[at].wait);
    }
  }
}

static void failures_are_errors(void) {
  static const uint8_t tags[][2] = {
      {WELD_CONNECTOR_HOST_HTTP_ERROR_DENIED, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_MISCONFIGURED},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_INVALID, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_CREDENTIALS, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_TIMEOUT, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_TOO_LARGE, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_OVER_LIMIT, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_UNAVAILABLE, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_RATE_LIMITED},
      {WELD_CONNECTOR_HOST_HTTP_ERROR_FAILED, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM}};
  fails = true;
  for (size_t at = 0; at < sizeof tags / sizeof *tags; at++) {
    weld_text body;
    weld_error error = {0};
    failure = (weld_connector_host_http_error_t){.tag = tags[at][0]};
    failure.val.failed = weld_text_of("words");
    if (tags[at][0] == WELD_CONNECTOR_HOST_HTTP_ERROR_UNAVAILABLE)
      failure.val.unavailable = (weld_connector_host_option_milliseconds_t){.is_some = false};
    char tag[4];
    snprintf(tag, sizeof tag, "%d", tags[at][0]);
    check("an error", tag, !weld_get(weld_text_of("u"), &body, &error) && error.tag == tags[at][1]);
    if (tags[at][0] == WELD_CONNECTOR_HOST_HTTP_ERROR_UNAVAILABLE)
      check("no time", tag, !error.val.rate_limited.is_some);
    else
      check("the request", tag, strncmp(string_of(error.val.other), "GET u: ", strlen("GET u: ")) == 0);
  }
  fails = false;
}

static void only_json_is_accepted_as_json(void) {
  static const char *const cases[][2] = {
      /* a body, the end of the error's message or NULL */
      {" [1]", NULL},
      {"\n{\"a\": 1}", NULL},
      {"<h1>\n  Out of order\n</h1>", " is HTML, not JSON: <h1> Out of order </h1>"},
      {"\n<!DOCTYPE HTML><x>", " is HTML, not JSON: <!DOCTYPE HTML><x>"},
      {"<?xml version='1.0'?><error/>", " is XML, not JSON: <?xml version='1.0'?><error/>"},
      {"<htmlx/>", " is XML, not JSON: <htmlx/>"},
      {"<", " is XML, not JSON: <"},
      {"\"text\"", " is not JSON: \"text\""},
      {" ", " is not JSON: its body is empty"},
      {"", " is not JSON: its body is empty"},
  };
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    weld_text value;
    weld_error error = {0};
    response = (weld_connector_host_http_response_t){.status = 200, .body.val.text = exactly(cases[at][0])};
    bool is_fine = weld_get_json(weld_text_of("https://h/a?key=secret"), &value, &error);
    char expected[199] = "the response to GET https://h/a";
    if (cases[at][1] != NULL) strcat(expected, cases[at][1]);
    check("JSON, or an error", cases[at][0],
          cases[at][1] == NULL ? is_fine : !is_fine && weld_is(error.val.upstream, expected));
  }
}

static void errors_after_an_attempt_to_open_a_file_say_that_there_are_none(void) {
  for (int code = 0; code <= ENOENT; code += ENOENT) {
    weld_error error = {0};
    errno = code;
    weld_fail(&error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_OTHER, "no ", weld_text_of("rates.csv"));
    const char *message = string_of(error.val.other);
    check("the message", message, strncmp(message, "no rates.csv", strlen("no rates.csv")) == 0);
    check("the advice", message, (strstr(message, "a component has no files") != NULL) == (code == ENOENT));
    weld_fail(&error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED, "no", weld_text_of(""));
    check("an API's error", message, weld_is(error.val.unauthorized, "no"));
  }
  errno = 0;
}

static bool is_utf_8(weld_text text) {
  for (size_t at = 0; at < text.len;) {
    uint8_t byte = text.ptr[at++];
    size_t more = byte < 0x80 ? 0 : byte >= 0xC2 && byte < 0xE0 ? 1 : (byte & 0xF0) == 0xE0 ? 2 : (byte & 0xF8) == 0xF0 ? 3 : 9;
    for (; more > 0; more--)
      if (more == 9 || at == text.len || (text.ptr[at++] & 0xC0) != 0x80) return false;
  }
  return true;
}

static uint8_t digit(uint8_t byte) { return byte <= '9' ? byte - '0' : byte - 'a' + 10; }

/* The cases that all kits share. */
static void bodies_are_decoded_by_mark_then_as_utf_8_then_by_charset(const char *path) {
  static uint8_t content[1 << 16];
  FILE *file = fopen(path, "r");
  weld_text cases = {.ptr = content, .len = file == NULL ? 0 : fread(content, 1, sizeof content, file)}, one;
  size_t at = 0, count = 0;
  while (weld_json_next(cases, &at, &one)) {
    weld_text kits, what, bytes, expected, text, type = weld_text_of(""), value = type;
    if (weld_json_get(one, "kits", &kits)) continue;
    count++;
    if (weld_json_get(one, "what", &value)) weld_json_string(value, &what);
    if (weld_json_get(one, "bytes", &value)) weld_json_string(value, &bytes);
    weld_text body = {.ptr = malloc(bytes.len / 2 + 1), .len = bytes.len / 2};
    for (size_t byte = 0; byte < body.len; byte++)
      body.ptr[byte] = (uint8_t)(digit(bytes.ptr[2 * byte]) << 4 | digit(bytes.ptr[2 * byte + 1]));
    bool has_type = weld_json_get(one, "type", &value) && weld_json_string(value, &type);
    connector_tuple2_string_string_t header = {.f0 = weld_text_of("content-type"), .f1 = type};
    weld_connector_host_http_response_t made = {.status = 200, .headers = {.ptr = &header, .len = has_type}};
    made.body.tag = is_utf_8(body) ? WELD_CONNECTOR_HOST_BODY_TEXT : WELD_CONNECTOR_HOST_BODY_BYTES;
    if (is_utf_8(body)) {
      made.body.val.text = body;
    } else {
      made.body.val.bytes.ptr = body.ptr;
      made.body.val.bytes.len = body.len;
    }
    weld_error error = {0};
    bool is_read = weld_body_text(&made, &text, &error);
    bool is_text = weld_json_get(one, "text", &value) && weld_json_string(value, &expected);
    bool is_right = is_text ? is_read && text.len == expected.len && memcmp(text.ptr, expected.ptr, text.len) == 0
                            : !is_read && error.tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM;
    check("the text of a body", string_of(what), is_right);
  }
  check("the cases are found", path, count > 20);
}

static weld_text string_in(weld_text object, const char *key) {
  weld_text value, text = weld_text_of("");
  if (weld_json_get(object, key, &value)) weld_json_string(value, &text);
  return text;
}

static bool is_same(weld_text one, weld_text other) {
  return one.len == other.len && (one.len == 0 || memcmp(one.ptr, other.ptr, one.len) == 0);
}

/* The cases that all kits share. */
static void links_are_read_as_in_all_kits(const char *path) {
  static uint8_t content[1 << 16];
  FILE *file = fopen(path, "r");
  weld_text cases = {.ptr = content, .len = file == NULL ? 0 : fread(content, 1, sizeof content, file)}, one;
  size_t at = 0, count = 0;
  while (weld_json_next(cases, &at, &one)) {
    count++;
    connector_tuple2_string_string_t headers[4];
    size_t lines = 0, line_at = 0;
    weld_text lists, line, url, link, value;
    check("headers", string_of(string_in(one, "what")), weld_json_get(one, "link", &lists));
    while (lines < 4 && weld_json_next(lists, &line_at, &line)) {
      headers[lines].f0 = weld_text_of("link");
      weld_json_string(line, &headers[lines++].f1);
      headers[lines - 1].f1 = exactly(string_of(headers[lines - 1].f1));
    }
    weld_connector_host_http_response_t made = {
        .status = 200, .headers = {.ptr = headers, .len = lines}, .url = string_in(one, "url")};
    bool is_there = weld_link(&made, string_of(string_in(one, "rel")), &url, &link);
    weld_text target = string_in(one, "target");
    check("a link", string_of(string_in(one, "what")), is_there ? is_same(url, target) : target.len == 0);
    weld_text attributes, name;
    if (!is_there || !weld_json_get(one, "attributes", &attributes)) continue;
    static const char *const names[] = {"results", "cursor", "title"};
    for (size_t number = 0; number < 3; number++) {
      if (!weld_json_get(attributes, names[number], &value)) continue;
      weld_json_string(value, &name);
      bool is_right = weld_link_attribute(link, names[number], &value) && is_same(value, name);
      check("an attribute", names[number], is_right);
    }
  }
  check("the cases are found", path, count > 30);
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  links_are_read_as_in_all_kits(arguments[2]);
  numbers_keep_every_digit();
  bodies_are_decoded_by_mark_then_as_utf_8_then_by_charset(arguments[1]);
  numbers_are_written();
  strings_are_escaped();
  escapes_are_read();
  values_are_found();
  items_are_found_in_order();
  statuses_are_errors();
  refusals_because_of_a_quota_are_rate_limits();
  failures_are_errors();
  only_json_is_accepted_as_json();
  errors_after_an_attempt_to_open_a_file_say_that_there_are_none();
  if (failed == 0) printf("%d checks passed\n", checked);
  return failed != 0;
}
