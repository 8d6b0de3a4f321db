/* Decodes a body: by its byte-order mark, else as UTF-8 if it is valid, else by the declared charset. */
#include "weld.h"

#include <string.h>

static uint8_t lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }

static bool begins(weld_text text, size_t at, const char *word) {
  for (; *word != 0; word++, at++)
    if (at >= text.len || lower(text.ptr[at]) != (uint8_t)*word) return false;
  return true;
}

static bool is_any(uint8_t byte, const char *bytes) { return byte != 0 && strchr(bytes, byte) != NULL; }

/* The charset that a content type declares, or an empty text. */
static weld_text declared(weld_text type) {
  bool is_parameter = true;
  for (size_t at = 0; at < type.len; at++) {
    uint8_t byte = type.ptr[at];
    if (is_parameter && begins(type, at, "charset")) {
      size_t begin = at + strlen("charset");
      while (begin < type.len && is_any(type.ptr[begin], " \t")) begin++;
      if (begin < type.len && type.ptr[begin] == '=') {
        begin++;
        while (begin < type.len && is_any(type.ptr[begin], " \t\"'")) begin++;
        size_t end = begin;
        while (end < type.len && !is_any(type.ptr[end], " \t\"';,")) end++;
        return (weld_text){.ptr = type.ptr + begin, .len = end - begin};
      }
    }
    is_parameter = is_any(byte, ";,") || (is_parameter && is_any(byte, " \t"));
  }
  return weld_text_of("");
}

/* Whether a label is in the list, where a space follows each label. */
static bool is_label(weld_text label, const char *labels) {
  for (; *labels != 0; labels = strchr(labels, ' ') + 1) {
    size_t len = (size_t)(strchr(labels, ' ') - labels);
    if (len != label.len) continue;
    size_t at = 0;
    while (at < len && lower(label.ptr[at]) == (uint8_t)labels[at]) at++;
    if (at == len) return true;
  }
  return false;
}

static uint32_t unit(weld_text body, size_t at, bool is_big) {
  uint32_t first = body.ptr[at], second = body.ptr[at + 1];
  return is_big ? first << 8 | second : second << 8 | first;
}

static bool utf_16(weld_text body, size_t at, bool is_big, weld_buffer *buffer) {
  if (body.len % 2 != 0) return false;
  for (; at < body.len; at += 2) {
    uint32_t character = unit(body, at, is_big);
    if (character >= 0xD800 && character < 0xE000) {
      uint32_t second = at + 2 < body.len ? unit(body, at + 2, is_big) : 0;
      if (character >= 0xDC00 || second < 0xDC00 || second >= 0xE000) return false;
      character = 0x10000 + ((character - 0xD800) << 10) + (second - 0xDC00);
      at += 2;
    }
    weld_add_character(buffer, character);
  }
  return true;
}

/* windows-1252 from 0x80 to 0x9F, and the characters from 0xA4 to 0xBE in which ISO-8859-15 differs from ISO-8859-1. */
static const uint16_t windows[] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
static const uint16_t latin_9[][2] = {{0xA4, 0x20AC}, {0xA6, 0x160}, {0xA8, 0x161}, {0xB4, 0x17D},
                                      {0xB8, 0x17E},  {0xBC, 0x152}, {0xBD, 0x153}, {0xBE, 0x178}};

static void single_byte(weld_text body, bool is_latin_9, weld_buffer *buffer) {
  for (size_t at = 0; at < body.len; at++) {
    uint32_t character = body.ptr[at];
    if (!is_latin_9 && character >= 0x80 && character < 0xA0) character = windows[character - 0x80];
    for (size_t place = 0; is_latin_9 && place < sizeof latin_9 / sizeof *latin_9; place++)
      if (latin_9[place][0] == body.ptr[at]) character = latin_9[place][1];
    weld_add_character(buffer, character);
  }
}

bool weld_body_text(const weld_connector_host_http_response_t *response, weld_text *text, weld_error *error) {
  const uint8_t upstream = EXPORTS_WELD_CONNECTOR_SOURCE_ERROR_UPSTREAM;
  weld_text body = weld_body(response), label = weld_text_of("");
  for (size_t at = 0; at < response->headers.len && label.len == 0; at++)
    if (weld_is(response->headers.ptr[at].f0, "content-type")) label = declared(response->headers.ptr[at].f1);
  bool is_little = is_label(label, "utf-16 utf-16le ucs-2 iso-10646-ucs-2 unicode csunicode unicodefeff ");
  bool is_big = is_label(label, "utf-16be unicodefffe ");
  /* ASCII in UTF-16 is also valid UTF-8, but its text would have a zero next to each letter. */
  bool is_wide = (is_little || is_big) && body.len > 0 && memchr(body.ptr, 0, body.len) != NULL;
  /* The host has checked whether the body is valid UTF-8. */
  if (response->body.tag == WELD_CONNECTOR_HOST_BODY_TEXT && !is_wide) {
    size_t mark = body.len >= 3 && memcmp(body.ptr, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    *text = (weld_text){.ptr = body.ptr + mark, .len = body.len - mark};
    return true;
  }
  weld_buffer buffer = {0};
  bool is_read = true;
  if (body.len >= 2 && memcmp(body.ptr, "\xFF\xFE", 2) == 0) {
    is_read = utf_16(body, 2, false, &buffer);
  } else if (body.len >= 2 && memcmp(body.ptr, "\xFE\xFF", 2) == 0) {
    is_read = utf_16(body, 2, true, &buffer);
  } else if (body.len >= 3 && memcmp(body.ptr, "\xEF\xBB\xBF", 3) == 0) {
    is_read = false;
  } else if (is_little || is_big) {
    is_read = utf_16(body, 0, is_big, &buffer);
  } else if (is_label(label, "iso-8859-1 windows-1252 us-ascii ascii latin1 l1 iso8859-1 iso88591 iso_8859-1 cp1252 "
                             "x-cp1252 cp819 ibm819 csisolatin1 iso-ir-100 ansi_x3.4-1968 iso_8859-1:1987 ")) {
    single_byte(body, false, &buffer);
  } else if (is_label(label, "iso-8859-15 l9 iso8859-15 iso885915 iso_8859-15 csisolatin9 ")) {
    single_byte(body, true, &buffer);
  } else if (label.len == 0) {
    return weld_fail(error, upstream, "the API's answer is not valid UTF-8, and declares no charset", label);
  } else {
    return weld_fail(error, upstream, "the API's answer is not valid UTF-8, and this kit does not know its charset: ", label);
  }
  if (!is_read) return weld_fail(error, upstream, "the API's answer is not valid text in its charset ", label);
  *text = weld_finish(&buffer);
  return true;
}
