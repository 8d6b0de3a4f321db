/* A Weld connector for the beer API of `weld-host demo`: pages by number, and pages by cursor. */
#include "weld.h"

#define PER_PAGE 80

static const char *const id[] = {"id", NULL};

/* Weld loads columns that are not declared as text. */
static const weld_field beers_fields[] = {
    {"id", "int", NULL},
    {"name", "string", NULL},
    {"tagline", "string", NULL},
    {"first_brewed", "string", NULL},
    {"description", "string", NULL},
    {"image_url", "string", NULL},
    {"abv", "double", NULL},
    {"ibu", "[\"null\", \"double\"]", NULL},
    {"target_fg", "double", NULL},
    {"target_og", "double", NULL},
    {"ebc", "double", NULL},
    {"srm", "double", NULL},
    {"ph", "double", NULL},
    {"attenuation_level", "double", NULL},
    {"volume", "object", NULL},
    {"boil_volume", "object", NULL},
    {"method", "object", NULL},
    {"ingredients", "object", NULL},
    {"food_pairing", "array", NULL},
    {"brewers_tips", "string", NULL},
    {"contributed_by", "string", NULL},
    {NULL, NULL, NULL},
};

static const weld_field reviews_fields[] = {
    {"id", "int", NULL},
    {"beer_id", "int", NULL},
    {"customer_id", "int", NULL},
    {"stars", "int", NULL},
    {"title", "string", NULL},
    {"text", "[\"null\", \"string\"]", NULL},
    {"scores", "object", NULL},
    {"tags", "array", NULL},
    {"helpful_votes", "int", NULL},
    {"written_at", "datetime", NULL},
    {NULL, NULL, NULL},
};

static const weld_table tables[] = {
    {.name = "beers", .key = id, .fields = beers_fields},
    {.name = "reviews", .key = id, .fields = reviews_fields},
};

bool exports_weld_connector_source_schema(weld_tables *ret, weld_error *error) {
  (void)error;
  return weld_schema(tables, sizeof tables / sizeof *tables, ret);
}

/* GETs a path of the API. Its address and token are in {{name}}.toml; the host adds the token. */
static bool get(weld_buffer *path, weld_text *body, weld_error *error) {
  weld_text base;
  if (!weld_variable("API_BASE_URL", &base, error)) return false;
  weld_buffer url = {0};
  weld_add_text(&url, base);
  weld_add_text(&url, weld_finish(path));
  return weld_get_json(weld_finish(&url), body, error);
}

/* The answer is an array of rows. A page that is not full is the last one; the next sync starts from the beginning. */
static bool beers(weld_text state, weld_page *page, weld_error *error) {
  int64_t number = weld_json_number_of(state, "next_page", 1);
  weld_buffer path = {0}, next = {0};
  weld_add(&path, "/beers?page=");
  weld_add_number(&path, number);
  weld_add(&path, "&per_page=");
  weld_add_number(&path, PER_PAGE);
  weld_text rows, row;
  if (!get(&path, &rows, error)) return false;
  size_t count = 0, at = 0;
  while (weld_json_next(rows, &at, &row)) count++;
  bool has_more = count == PER_PAGE;
  weld_add(&next, "{");
  if (has_more) {
    weld_add(&next, "\"next_page\": ");
    weld_add_number(&next, number + 1);
  }
  weld_add(&next, "}");
  return weld_answer(page, rows, weld_finish(&next), has_more);
}

/* The answer is an object with the rows and the cursor of the next page, which is null after the last page. */
static bool reviews(weld_text state, weld_page *page, weld_error *error) {
  weld_buffer path = {0}, next = {0};
  weld_text value, cursor, body, rows;
  weld_add(&path, "/reviews?limit=100");
  if (weld_json_get(state, "cursor", &value) && weld_json_string(value, &cursor)) {
    weld_add(&path, "&cursor=");
    weld_add_url_part(&path, cursor);
  }
  if (!get(&path, &body, error)) return false;
  if (!weld_json_get(body, "reviews", &rows) || !weld_json_get(body, "next_cursor", &value)) {
    return weld_fail(error, EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM, "the API's answer has no ",
                     weld_text_of("reviews or next_cursor"));
  }
  bool has_more = weld_json_string(value, &cursor);
  weld_add(&next, "{");
  if (has_more) {
    weld_add(&next, "\"cursor\": ");
    weld_add_text(&next, value);
  }
  weld_add(&next, "}");
  return weld_answer(page, rows, weld_finish(&next), has_more);
}

bool exports_weld_connector_source_fetch_page(weld_text *table, weld_text *state, weld_page *page, weld_error *error) {
  if (weld_is(*table, "beers")) return beers(*state, page, error);
  if (weld_is(*table, "reviews")) return reviews(*state, page, error);
  return weld_unknown_table(error);
}
