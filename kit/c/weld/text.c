/* Builds texts. */
#include "weld.h"

#include <stdlib.h>
#include <string.h>

weld_text weld_text_of(const char *string) {
  return (weld_text){.ptr = (uint8_t *)string, .len = strlen(string)};
}

bool weld_is(weld_text text, const char *string) {
  return text.len == strlen(string) && (text.len == 0 || memcmp(text.ptr, string, text.len) == 0);
}

static void add(weld_buffer *buffer, const void *bytes, size_t count) {
  if (count == 0) return;
  if (count > buffer->room - buffer->len) {
    if (count > SIZE_MAX / 2 - buffer->len) abort();
    size_t room = (buffer->len + count) * 2;
    uint8_t *larger = realloc(buffer->ptr, room);
    /* An incomplete page must not be returned. */
    if (larger == NULL) abort();
    buffer->ptr = larger;
    buffer->room = room;
  }
  memcpy(buffer->ptr + buffer->len, bytes, count);
  buffer->len += count;
}

void weld_add(weld_buffer *buffer, const char *string) { add(buffer, string, strlen(string)); }

void weld_add_text(weld_buffer *buffer, weld_text text) { add(buffer, text.ptr, text.len); }

void weld_add_number(weld_buffer *buffer, int64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  /* Unsigned, because the negative of INT64_MIN does not fit into int64_t. */
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0) digits[--at] = '-';
  add(buffer, digits + at, sizeof digits - at);
}

void weld_add_character(weld_buffer *buffer, uint32_t character) {
  uint8_t bytes[4];
  size_t count = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  static const uint8_t first[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
  for (size_t at = count; at-- > 1; character >>= 6) bytes[at] = (uint8_t)(0x80 | (character & 0x3F));
  bytes[0] = (uint8_t)(first[count] | character);
  add(buffer, bytes, count);
}

static const char hexadecimal[] = "0123456789ABCDEF";

void weld_add_json_string(weld_buffer *buffer, weld_text text) {
  add(buffer, "\"", 1);
  size_t plain = 0;
  for (size_t at = 0; at < text.len; at++) {
    uint8_t byte = text.ptr[at];
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    add(buffer, text.ptr + plain, at - plain);
    plain = at + 1;
    if (byte >= 0x20) {
      char escape[] = {'\\', (char)byte};
      add(buffer, escape, sizeof escape);
    } else {
      char escape[] = {'\\', 'u', '0', '0', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
      add(buffer, escape, sizeof escape);
    }
  }
  add(buffer, text.ptr + plain, text.len - plain);
  add(buffer, "\"", 1);
}

void weld_add_url_part(weld_buffer *buffer, weld_text text) {
  for (size_t at = 0; at < text.len; at++) {
    uint8_t byte = text.ptr[at];
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    bool is_digit = byte >= '0' && byte <= '9';
    bool is_plain = is_letter || is_digit || byte == '-' || byte == '.' || byte == '_' || byte == '~';
    char escape[] = {'%', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
    if (is_plain) {
      add(buffer, &byte, 1);
    } else {
      add(buffer, escape, sizeof escape);
    }
  }
}

weld_text weld_finish(weld_buffer *buffer) {
  weld_text text = {.ptr = buffer->ptr, .len = buffer->len};
  *buffer = (weld_buffer){0};
  return text;
}
