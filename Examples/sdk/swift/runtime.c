/* What Embedded Swift expects of a C library, for a module that has none. */
#include <stddef.h>
#include <stdint.h>

#include "../c/xtb1.h"

/* Memory: blocks in powers of two from 16 bytes, a list of free ones for each size. A block once given back is taken
 * again for the same size only, which suits apps that do the same thing at each event. */

#define SMALLEST 4
#define LARGEST 31

union block {
  union block *next;
  /* The header of a block in use. */
  uint32_t order;
};

extern unsigned char __heap_base;
static uintptr_t heap_end;
static union block *free_blocks[LARGEST + 1];

/* `size` new bytes, aligned to 16, or NULL if the host gives no more. */
static void *take_new(size_t size) {
  if (!heap_end) heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
  if (size > UINT32_MAX - heap_end) return NULL;
  uintptr_t end = heap_end + size;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == SIZE_MAX) return NULL;
  void *taken = (void *)heap_end;
  heap_end = end;
  return taken;
}

/* In front of what is given out there are 16 bytes, or as many as the alignment, the last 8 of which say where the
 * block begins and how large it is. */
struct header {
  uint32_t order;
  uint32_t distance;
};

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < 16) alignment = 16;
  if (alignment > 1 << 16 || size > (size_t)1 << 30) return 12; /* ENOMEM */
  /* A block is aligned to 16, so that much suffices to reach any greater alignment. */
  size_t whole = size + alignment;
  uint32_t order = SMALLEST;
  while (((size_t)1 << order) < whole) order++;
  union block *block = free_blocks[order];
  if (block) {
    free_blocks[order] = block->next;
  } else {
    block = take_new((size_t)1 << order);
    if (!block) return 12;
  }
  uintptr_t given = ((uintptr_t)block + sizeof(struct header) + alignment - 1) & ~(alignment - 1);
  struct header *header = (struct header *)given - 1;
  header->order = order;
  header->distance = (uint32_t)(given - (uintptr_t)block);
  *result = (void *)given;
  return 0;
}

void free(void *pointer) {
  if (!pointer) return;
  struct header header = ((struct header *)pointer)[-1];
  union block *block = (union block *)((uintptr_t)pointer - header.distance);
  block->next = free_blocks[header.order];
  free_blocks[header.order] = block;
}

/* With bulk memory these are single instructions; the compiler must not see them as calls of themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t count) { return __builtin_memcpy(to, from, count); }
void *memmove(void *to, const void *from, size_t count) { return __builtin_memmove(to, from, count); }
void *memset(void *to, int byte, size_t count) { return __builtin_memset(to, byte, count); }

int memcmp(const void *left, const void *right, size_t count) {
  const unsigned char *a = left, *b = right;
  for (size_t i = 0; i < count; i++) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

/* Swift's hashing seed. */
void arc4random_buf(void *buffer, size_t count) {
  unsigned char *bytes = buffer;
  while (count > 0) {
    uint32_t step = count < 65536 ? (uint32_t)count : 65536;
    if (xtb_random(bytes, step) < 0) __builtin_trap();
    bytes += step;
    count -= step;
  }
}

/* `print` goes to the log, a line at a time. */
int putchar(int character) {
  static char line[256];
  static uint32_t length;
  if (character != '\n') line[length++] = (char)character;
  if (character == '\n' || length == sizeof line) {
    xtb_log(XTB_INFO, line, length);
    length = 0;
  }
  return character;
}

/* The product of 128 bits, by which a checked multiplication of 64 bits finds its overflow. */
typedef struct {
  uint64_t low;
  uint64_t high;
} uint128_halves;

__int128 __multi3(__int128 left, __int128 right);
__int128 __multi3(__int128 left, __int128 right) {
  uint64_t a = (uint64_t)left, b = (uint64_t)right;
  uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
  uint64_t low = a0 * b0;
  uint64_t middle = a1 * b0 + (low >> 32);
  uint64_t other = a0 * b1 + (uint32_t)middle;
  uint64_t high = a1 * b1 + (middle >> 32) + (other >> 32);
  high += (uint64_t)(left >> 64) * b + a * (uint64_t)(right >> 64);
  return (__int128)(((unsigned __int128)high << 64) | (other << 32 | (uint32_t)low));
}
