/*
 * Tests the connector natively, with a fake host whose answers the tests set: see tests/run. Each table has a test: replace it
 * together with the table. A test without its table is skipped.
 */
#include "weld.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The API's next answer, and the URL of the last request. */
static weld_text answer;
static uint16_t status = 200;
static char requested[256];

bool weld_connector_host_http_fetch(weld_connector_host_http_request_t *request,
                                    weld_connector_host_http_response_t *response,
                                    weld_connector_host_http_error_t *error) {
  (void)error;
  snprintf(requested, sizeof requested, "%.*s", (int)request->url.len, (const char *)request->url.ptr);
  *response = (weld_connector_host_http_response_t){.status = status};
  response->body.val.text = answer;
  return true;
}

static int failed;

static void check(const char *what, bool holds) {
  if (holds) return;
  printf("failed: %s (requested %s)\n", what, requested);
  failed = 1;
}

static bool fetch(const char *table, const char *state, weld_page *page, weld_error *error) {
  weld_text name = weld_text_of(table), given = weld_text_of(state);
  return exports_weld_connector_source_fetch_page(&name, &given, page, error);
}

/* Whether the schema has a table, so that its test can run. */
static bool has_table(const char *name) {
  weld_tables tables;
  weld_error error;
  if (!exports_weld_connector_source_schema(&tables, &error)) return true;
  for (size_t at = 0; at < tables.len; at++)
    if (weld_is(tables.ptr[at].name, name)) return true;
  printf("skipped: there is no table %s: replace this test\n", name);
  return false;
}

static void beers_are_fetched_page_by_page(void) {
  weld_page page;
  weld_error error;
  if (!has_table("beers")) return;
  weld_buffer full = {0};
  for (int row = 0; row < 80; row++) weld_add(&full, row == 0 ? "[{}" : ", {}");
  weld_add(&full, "]");
  answer = weld_finish(&full);
  check("a full page", fetch("beers", "{}", &page, &error));
  check("the first page's number", strcmp(requested, "http://api.test/beers?page=1&per_page=80") == 0);
  check("more after a full page", page.has_more && weld_is(page.state, "{\"next_page\": 2}"));
  answer = weld_text_of("[{\"id\": 81}]");
  check("the second page", fetch("beers", "{\"next_page\": 2}", &page, &error));
  check("the second page's number", strcmp(requested, "http://api.test/beers?page=2&per_page=80") == 0);
  check("unchanged rows", weld_is(page.insert, "[{\"id\": 81}]"));
  check("the end", !page.has_more && weld_is(page.state, "{}"));
  status = 401;
  check("a refusal", !fetch("beers", "{}", &page, &error));
  check("an unauthorized error", error.tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNAUTHORIZED);
  status = 200;
}

static void reviews_follow_the_cursor(void) {
  weld_page page;
  weld_error error;
  if (!has_table("reviews")) return;
  answer = weld_text_of("{\"reviews\": [{\"id\": 1}], \"next_cursor\": \"a&b\"}");
  check("the first page", fetch("reviews", "{}", &page, &error));
  check("the cursor is kept", page.has_more && weld_is(page.state, "{\"cursor\": \"a&b\"}"));
  answer = weld_text_of("{\"reviews\": [], \"next_cursor\": null}");
  check("the last page", fetch("reviews", "{\"cursor\": \"a&b\"}", &page, &error));
  check("the cursor is escaped", strcmp(requested, "http://api.test/reviews?limit=100&cursor=a%26b") == 0);
  check("the end", !page.has_more && weld_is(page.state, "{}"));
  answer = weld_text_of("{}");
  check("an answer without rows", !fetch("reviews", "{}", &page, &error));
  check("an upstream error", error.tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM);
}

/* What holds for any connector: this function stays. */
static void other_tables_are_unknown(void) {
  weld_page page;
  weld_error error;
  check("an unknown table", !fetch("no such table", "{}", &page, &error));
  check("an unknown-table error", error.tag == EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UNKNOWN_TABLE);
}

int main(void) {
  setenv("API_BASE_URL", "http://api.test", 1);
  beers_are_fetched_page_by_page();
  reviews_follow_the_cursor();
  other_tables_are_unknown();
  if (!failed) puts("all tests passed");
  return failed;
}
