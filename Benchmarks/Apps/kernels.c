/* What small apps compute, in five kernels: `kernels NAME ROUNDS` runs one once to warm up, then ROUNDS times, and prints
 * for each round its nanoseconds and a checksum of what came out. The same source is built for this machine and for
 * WebAssembly. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define APART __attribute__((noinline))

/* Calls. */

APART static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static uint32_t run_fib(void) { return fib(30); }

/* Bytes with a stride. */

static uint8_t composite[1 << 20];

static uint32_t run_sieve(void) {
  uint32_t primes = 0;
  for (int pass = 0; pass < 3; pass++) {
    memset(composite, 0, sizeof composite);
    for (uint32_t i = 2; i < sizeof composite; i++) {
      if (composite[i]) continue;
      primes++;
      for (uint64_t j = (uint64_t)i * i; j < sizeof composite; j += i) composite[j] = 1;
    }
  }
  return primes;
}

/* Floating point. */

enum { side = 160 };
static double left[side][side], right[side][side], product[side][side];

static uint32_t run_matmul(void) {
  for (int i = 0; i < side; i++) {
    for (int j = 0; j < side; j++) {
      left[i][j] = (i * 7 + j * 3) % 11;
      right[i][j] = (i * 5 + j * 2) % 13;
    }
  }
  double sum = 0;
  for (int pass = 0; pass < 3; pass++) {
    for (int i = 0; i < side; i++) {
      for (int j = 0; j < side; j++) {
        double value = 0;
        for (int k = 0; k < side; k++) value += left[i][k] * right[k][j];
        product[i][j] = value;
      }
    }
    sum += product[pass][side - 1 - pass];
    left[pass][pass] += 1;
  }
  return (uint32_t)sum;
}

/* SHA-256 (FIPS 180-4) of 2 MiB. */

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

APART static void hash_block(uint32_t state[8], const uint8_t block[64]) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 | (uint32_t)block[i * 4 + 2] << 8 |
           block[i * 4 + 3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
    uint32_t s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static uint8_t message[1 << 16];

static uint32_t run_hash(void) {
  for (size_t i = 0; i < sizeof message; i++) message[i] = (uint8_t)(i * 31 >> 3);
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (int pass = 0; pass < 32; pass++) {
    for (size_t at = 0; at < sizeof message; at += 64) hash_block(state, message + at);
  }
  return state[0];
}

/* What controllers do: lists, small integer matrices, a state machine over text, and a CRC over all of it. */

struct node {
  struct node *next;
  int16_t value;
  int16_t index;
};

static uint16_t crc16(uint16_t crc, uint16_t value) {
  for (int bit = 0; bit < 16; bit++) {
    bool odd = (crc ^ value) & 1;
    crc >>= 1;
    value >>= 1;
    if (odd) crc ^= 0xa001;
  }
  return crc;
}

typedef int (*order)(const struct node *, const struct node *);

static int by_value(const struct node *a, const struct node *b) { return a->value - b->value; }
static int by_index(const struct node *a, const struct node *b) { return a->index - b->index; }

/* A merge sort from the bottom up, which only moves links. */
APART static struct node *sorted(struct node *list, order compare) {
  for (int width = 1;; width *= 2) {
    struct node *rest = list, *tail = NULL;
    int merges = 0;
    list = NULL;
    while (rest) {
      merges++;
      struct node *other = rest;
      int first = 0, second = width;
      while (first < width && other) {
        first++;
        other = other->next;
      }
      while (first > 0 || (second > 0 && other)) {
        struct node *taken;
        if (first > 0 && (second == 0 || !other || compare(rest, other) <= 0)) {
          taken = rest;
          rest = rest->next;
          first--;
        } else {
          taken = other;
          other = other->next;
          second--;
        }
        if (tail) {
          tail->next = taken;
        } else {
          list = taken;
        }
        tail = taken;
      }
      rest = other;
    }
    tail->next = NULL;
    if (merges <= 1) return list;
  }
}

static uint16_t process_list(uint16_t crc, int seed) {
  static struct node nodes[400];
  for (int i = 0; i < 400; i++) {
    nodes[i] = (struct node){i < 399 ? &nodes[i + 1] : NULL, (int16_t)((i * 7919 + seed * 104729) % 2003), (int16_t)i};
  }
  struct node *list = nodes, *reversed = NULL;
  while (list) {
    struct node *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  list = sorted(reversed, by_value);
  for (int wanted = 0; wanted < 40; wanted++) {
    const struct node *at = list;
    while (at && at->value != wanted * 50) at = at->next;
    crc = crc16(crc, at ? (uint16_t)at->index : 0xffff);
  }
  list = sorted(list, by_index);
  for (const struct node *at = list; at; at = at->next) crc = crc16(crc, (uint16_t)at->value);
  return crc;
}

static uint16_t process_matrix(uint16_t crc, int seed) {
  enum { n = 24 };
  static int16_t a[n][n], b[n][n];
  static int32_t c[n][n];
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      a[i][j] = (int16_t)((i * n + j + seed) % 251);
      b[i][j] = (int16_t)((j * n + i) * 3 % 127);
    }
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      int32_t sum = 0;
      for (int k = 0; k < n; k++) {
        int32_t term = a[i][k] * b[k][j];
        sum += (term >> 2 & 0xf) * (term >> 5 & 0x7f);
      }
      c[i][j] = sum;
    }
  }
  for (int i = 0; i < n; i++) crc = crc16(crc, (uint16_t)c[i][(i + seed) % n]);
  return crc;
}

enum state { START, SIGN, WHOLE, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS, INVALID, STATES };

static enum state following(enum state state, char c) {
  bool digit = c >= '0' && c <= '9', sign = c == '+' || c == '-';
  switch (state) {
    case START: return digit ? WHOLE : sign ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return digit ? WHOLE : c == '.' ? POINT : INVALID;
    case WHOLE: return digit ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT: return digit ? FRACTION : INVALID;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit ? EXPONENT_DIGITS : sign ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS: return digit ? EXPONENT_DIGITS : INVALID;
    default: return INVALID;
  }
}

static uint16_t process_text(uint16_t crc, int seed) {
  static const char *const words[] = {"5012", "-874", "+122", "35.54400", ".1234500", "-110.700", "+0.64400",
                                      "5.500e+3", "-.123e-2", "-87e+832", "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z"};
  static char text[2048];
  size_t length = 0;
  for (int word = seed; length + 10 < sizeof text; word++) {
    const char *from = words[word % 14];
    while (*from) text[length++] = *from++;
    text[length++] = ',';
  }
  uint32_t ends[STATES] = {0}, visits[STATES] = {0};
  enum state state = START;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ',') {
      ends[state]++;
      state = START;
    } else {
      state = following(state, text[i]);
      visits[state]++;
    }
  }
  for (int i = 0; i < STATES; i++) crc = crc16(crc16(crc, (uint16_t)ends[i]), (uint16_t)visits[i]);
  return crc;
}

static uint32_t run_control(void) {
  uint16_t crc = 0;
  for (int round = 0; round < 100; round++) crc = process_text(process_matrix(process_list(crc, round), round), round);
  return crc;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(int count, char **arguments) {
  static const struct {
    const char *name;
    uint32_t (*run)(void);
  } kernels[] = {
      {"fib", run_fib}, {"sieve", run_sieve}, {"matmul", run_matmul}, {"hash", run_hash}, {"control", run_control}};
  int rounds = count == 3 ? atoi(arguments[2]) : 0;
  for (size_t i = 0; rounds > 0 && i < sizeof kernels / sizeof *kernels; i++) {
    if (strcmp(arguments[1], kernels[i].name) != 0) continue;
    uint32_t expected = kernels[i].run();
    for (int round = 0; round < rounds; round++) {
      uint64_t begin = now();
      uint32_t result = kernels[i].run();
      uint64_t end = now();
      if (result != expected) {
        fprintf(stderr, "%s gives %" PRIu32 " and %" PRIu32 "\n", kernels[i].name, expected, result);
        return EXIT_FAILURE;
      }
      printf("%" PRIu64 " %08" PRIx32 "\n", end - begin, result);
      fflush(stdout);
    }
    return EXIT_SUCCESS;
  }
  fprintf(stderr, "usage: kernels fib|sieve|matmul|hash|control ROUNDS\n");
  return 64;
}
