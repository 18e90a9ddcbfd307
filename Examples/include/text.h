/* Text that is put together in place: there is no C library. What does not fit is left out. */
#pragma once

#include <stdint.h>

struct text {
  uint32_t length;
  char bytes[256];
};

static inline uint32_t string_length(const char *string) {
  uint32_t length = 0;
  while (string[length]) length++;
  return length;
}

static inline void append_character(struct text *text, char character) {
  if (text->length < sizeof text->bytes) text->bytes[text->length++] = character;
}

static inline void append(struct text *text, const char *string) {
  while (*string) append_character(text, *string++);
}

static inline void append_number(struct text *text, int64_t number) {
  char digits[20];
  int count = 0;
  uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
  if (number < 0) append_character(text, '-');
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  while (count) append_character(text, digits[--count]);
}

/* 2135 is "21.35". */
static inline void append_hundredths(struct text *text, int64_t hundredths) {
  uint64_t rest = hundredths < 0 ? -(uint64_t)hundredths : (uint64_t)hundredths;
  if (hundredths < 0) append_character(text, '-');
  append_number(text, (int64_t)(rest / 100));
  append_character(text, '.');
  append_character(text, (char)('0' + rest % 100 / 10));
  append_character(text, (char)('0' + rest % 10));
}
