/* Reads the header `Link` (RFC 8288), in which APIs give the URL of the next page. */
#include "weld.h"

#include <string.h>
#include <strings.h>

static bool is_any(uint8_t byte, const char *bytes) { return byte != 0 && strchr(bytes, byte) != NULL; }

static weld_text part(weld_text text, size_t begin, size_t end) {
  return (weld_text){.ptr = text.ptr + begin, .len = end - begin};
}

/* The first position from `at` on that has one of these bytes; the length of the text if there is none. */
static size_t until(weld_text text, size_t at, const char *bytes) {
  while (at < text.len && !is_any(text.ptr[at], bytes)) at++;
  return at;
}

static size_t past(weld_text text, size_t at, const char *bytes) {
  while (at < text.len && is_any(text.ptr[at], bytes)) at++;
  return at;
}

static weld_text trimmed(weld_text text) {
  size_t begin = past(text, 0, " \t");
  while (text.len > begin && is_any(text.ptr[text.len - 1], " \t")) text.len--;
  return part(text, begin, text.len);
}

static bool is_name(weld_text text, const char *name) {
  return text.len == strlen(name) && strncasecmp((const char *)text.ptr, name, text.len) == 0;
}

/* Reads the attribute that begins at `at`, and moves `at` to its end. False if no attribute begins there. */
static bool attribute(weld_text link, size_t *at, weld_text *name, weld_text *value) {
  size_t begin = past(link, *at, "; \t");
  size_t end = until(link, begin, "; \t=,\"<");
  if (end == begin) return false;
  *name = part(link, begin, end);
  *value = weld_text_of("");
  *at = end;
  begin = past(link, end, " \t");
  if (begin == link.len || link.ptr[begin] != '=') return true;
  begin = past(link, begin + 1, " \t");
  if (begin < link.len && link.ptr[begin] == '"') {
    weld_buffer buffer = {0};
    for (begin++; begin < link.len && link.ptr[begin] != '"'; begin++) {
      if (link.ptr[begin] == '\\' && begin + 1 < link.len) begin++;
      weld_add_text(&buffer, part(link, begin, begin + 1));
    }
    *at = begin < link.len ? begin + 1 : begin;
    *value = weld_finish(&buffer);
    return true;
  }
  end = until(link, begin, "; \t,");
  *at = end;
  if (end - begin >= 2 && link.ptr[begin] == '\'' && link.ptr[end - 1] == '\'') begin++, end--;
  *value = part(link, begin, end);
  return true;
}

bool weld_link_attribute(weld_text link, const char *name, weld_text *value) {
  weld_text found;
  for (size_t at = 0; attribute(link, &at, &found, value);)
    if (is_name(found, name)) return true;
  return false;
}

static bool has_relation(weld_text relations, const char *relation) {
  for (size_t at = past(relations, 0, " \t"); at < relations.len; at = past(relations, at, " \t")) {
    size_t end = until(relations, at, " \t");
    if (is_name(part(relations, at, end), relation)) return true;
    at = end;
  }
  return false;
}

static bool has_scheme(weld_text url) {
  size_t end = until(url, 0, ":");
  bool is_letter = url.len > 0 && (url.ptr[0] | 0x20) >= 'a' && (url.ptr[0] | 0x20) <= 'z';
  return end < url.len && is_letter && until(url, 0, "/?#") > end;
}

/* Adds a path without its segments `.` and `..`. A `..` removes the segment before it. */
static void add_path(weld_buffer *buffer, weld_text path) {
  size_t root = buffer->len;
  for (size_t at = 0; at < path.len;) {
    size_t end = until(path, at + 1, "/");
    weld_text piece = part(path, at, end);
    bool is_above = weld_is(piece, "/..");
    if (is_above)
      while (buffer->len > root && buffer->ptr[--buffer->len] != '/') continue;
    if (is_above || weld_is(piece, "/.")) {
      if (end == path.len) weld_add(buffer, "/");
    } else {
      weld_add_text(buffer, piece);
    }
    at = end;
  }
}

/* Resolves a URL (RFC 3986, section 5.2). An absolute URL stays unchanged, because it may be signed. */
static weld_text resolved(weld_text base, weld_text target) {
  if (has_scheme(target)) return target;
  size_t scheme = until(base, 0, ":");
  size_t path = until(base, scheme + 3 < base.len ? scheme + 3 : base.len, "/?#");
  size_t query = until(base, path, "?#");
  size_t rest = until(target, 0, "?#");
  weld_buffer buffer = {0};
  if (target.len > 1 && memcmp(target.ptr, "//", 2) == 0) {
    weld_add_text(&buffer, part(base, 0, scheme));
    weld_add(&buffer, ":");
    weld_add_text(&buffer, target);
    return weld_finish(&buffer);
  }
  weld_add_text(&buffer, part(base, 0, path));
  if (rest == 0) {
    weld_add_text(&buffer, part(base, path, query));
    if (query == path) weld_add(&buffer, "/");
    if (target.len == 0 || target.ptr[0] == '#') weld_add_text(&buffer, part(base, query, until(base, query, "#")));
  } else if (target.ptr[0] == '/') {
    add_path(&buffer, part(target, 0, rest));
  } else {
    weld_buffer merged = {0};
    while (query > path && base.ptr[query - 1] != '/') query--;
    weld_add_text(&merged, part(base, path, query));
    if (query == path) weld_add(&merged, "/");
    weld_add_text(&merged, part(target, 0, rest));
    add_path(&buffer, weld_finish(&merged));
  }
  weld_add_text(&buffer, part(target, rest, target.len));
  return weld_finish(&buffer);
}

bool weld_link(const weld_connector_host_http_response_t *response, const char *relation, weld_text *url, weld_text *link) {
  for (size_t number = 0; number < response->headers.len; number++) {
    if (!weld_is(response->headers.ptr[number].f0, "link")) continue;
    weld_text header = response->headers.ptr[number].f1;
    for (size_t at = until(header, 0, "<"); at < header.len; at = until(header, at, "<")) {
      size_t close = until(header, at, ">");
      if (close == header.len) break;
      weld_text target = trimmed(part(header, at + 1, close)), name, value;
      size_t end = close + 1;
      for (at = end; attribute(header, &at, &name, &value);) end = at;
      *link = part(header, close + 1, end);
      if (!weld_link_attribute(*link, "rel", &value) || !has_relation(value, relation)) continue;
      *url = resolved(response->url, target);
      return true;
    }
  }
  return false;
}
