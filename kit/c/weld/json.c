/* Finds values in JSON texts by their quotes and brackets. Without recursion, because the stack is small and a text may be
 * deeply nested. */
#include "weld.h"

#include <string.h>

static bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

static size_t past_spaces(weld_text text, size_t at) {
  while (at < text.len && is_space(text.ptr[at])) at++;
  return at;
}

static bool has(weld_text text, size_t at, char byte) { return at < text.len && text.ptr[at] == (uint8_t)byte; }

/* The end of the string or value that begins at `at`, or 0 if it does not end; no string or value ends at 0. */
static size_t past_string(weld_text text, size_t at) {
  for (at++; at < text.len; at++) {
    if (text.ptr[at] == '"') return at + 1;
    if (text.ptr[at] == '\\') at++;
  }
  return 0;
}

static size_t past_value(weld_text text, size_t at) {
  size_t depth = 0;
  size_t begin = at;
  while (at < text.len) {
    switch (text.ptr[at]) {
      case '"':
        at = past_string(text, at);
        if (at == 0 || depth == 0) return at;
        continue;
      case '[':
      case '{':
        depth++;
        break;
      case ']':
      case '}':
        if (depth == 0) return at > begin ? at : 0;
        if (--depth == 0) return at + 1;
        break;
      default:
        if (depth == 0 && (text.ptr[at] == ',' || is_space(text.ptr[at]))) return at > begin ? at : 0;
    }
    at++;
  }
  return depth == 0 && at > begin ? at : 0;
}

static weld_text part(weld_text text, size_t begin, size_t end) {
  return (weld_text){.ptr = text.ptr + begin, .len = end - begin};
}

bool weld_json_get(weld_text object, const char *key, weld_text *value) {
  size_t at = past_spaces(object, 0);
  if (!has(object, at, '{')) return false;
  at = past_spaces(object, at + 1);
  while (has(object, at, '"')) {
    size_t end = past_string(object, at);
    weld_text name;
    if (end == 0 || !weld_json_string(part(object, at, end), &name)) return false;
    at = past_spaces(object, end);
    if (!has(object, at, ':')) return false;
    at = past_spaces(object, at + 1);
    end = past_value(object, at);
    if (end == 0) return false;
    if (weld_is(name, key)) {
      *value = part(object, at, end);
      return true;
    }
    at = past_spaces(object, end);
    if (!has(object, at, ',')) return false;
    at = past_spaces(object, at + 1);
  }
  return false;
}

bool weld_json_next(weld_text array, size_t *at, weld_text *item) {
  size_t place = past_spaces(array, *at);
  if (!has(array, place, *at == 0 ? '[' : ',')) return false;
  place = past_spaces(array, place + 1);
  size_t end = past_value(array, place);
  if (end == 0) return false;
  *item = part(array, place, end);
  *at = end;
  return true;
}

static bool unit(weld_text text, size_t at, uint32_t *value) {
  if (at > text.len || text.len - at < 4) return false;
  *value = 0;
  for (size_t end = at + 4; at < end; at++) {
    uint8_t byte = text.ptr[at];
    uint32_t digit;
    if (byte >= '0' && byte <= '9') {
      digit = byte - '0';
    } else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f') {
      digit = (byte | 0x20) - 'a' + 10;
    } else {
      return false;
    }
    *value = *value * 16 + digit;
  }
  return true;
}

/* Reads the character of an escape whose `u` is at `at`, and moves `at` to its last digit. */
static bool escaped(weld_text text, size_t *at, uint32_t *character) {
  if (!unit(text, *at + 1, character)) return false;
  *at += 4;
  bool is_half = *character >= 0xD800 && *character < 0xE000;
  uint32_t second;
  if (is_half && *character < 0xDC00 && has(text, *at + 1, '\\') && has(text, *at + 2, 'u') &&
      unit(text, *at + 3, &second) && second >= 0xDC00 && second < 0xE000) {
    *character = 0x10000 + ((*character - 0xD800) << 10) + (second - 0xDC00);
    *at += 6;
  } else if (is_half) {
    /* Half of a surrogate pair cannot be encoded in UTF-8. */
    *character = 0xFFFD;
  }
  return true;
}

bool weld_json_string(weld_text value, weld_text *text) {
  if (!has(value, 0, '"') || past_string(value, 0) != value.len) return false;
  weld_text inside = part(value, 1, value.len - 1);
  if (inside.len == 0 || memchr(inside.ptr, '\\', inside.len) == NULL) {
    *text = inside;
    return true;
  }
  weld_buffer buffer = {0};
  for (size_t at = 0; at < inside.len; at++) {
    uint32_t character = 0;
    if (inside.ptr[at] != '\\') {
      weld_add_text(&buffer, part(inside, at, at + 1));
      continue;
    }
    at++;
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter = memchr(letters, inside.ptr[at], sizeof letters - 1);
    if (letter != NULL) {
      character = (uint8_t)meanings[letter - letters];
    } else if (inside.ptr[at] != 'u' || !escaped(inside, &at, &character)) {
      return false;
    }
    weld_add_character(&buffer, character);
  }
  *text = weld_finish(&buffer);
  return true;
}

bool weld_json_number(weld_text value, int64_t *number) {
  bool is_negative = has(value, 0, '-');
  size_t at = is_negative ? 1 : 0;
  if (at == value.len) return false;
  int64_t found = 0;
  for (; at < value.len; at++) {
    uint8_t byte = value.ptr[at];
    if (byte < '0' || byte > '9') return false;
    int64_t digit = byte - '0';
    if (__builtin_mul_overflow(found, 10, &found)) return false;
    if (is_negative ? __builtin_sub_overflow(found, digit, &found) : __builtin_add_overflow(found, digit, &found))
      return false;
  }
  *number = found;
  return true;
}

int64_t weld_json_number_of(weld_text object, const char *key, int64_t fallback) {
  weld_text value;
  int64_t number;
  return weld_json_get(object, key, &value) && weld_json_number(value, &number) ? number : fallback;
}
