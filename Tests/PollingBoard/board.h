// What the client of docs/polling.md needs of a board.
#include <stdint.h>

struct note {
  uint8_t phase;
  uint8_t slot;
  uint64_t version;
};

extern uint8_t device_id[16];
struct note note_load(void);
void note_store(const struct note *note);
int slot_write(uint32_t offset, const uint8_t *bytes, uint32_t count);
void sha256_begin(void);
void sha256_add(const uint8_t *bytes, uint32_t count);
void sha256_end(uint8_t digest[32]);
int https(const char *method, const char *path, const char *body, int (*sink)(const uint8_t *, uint32_t));
int app_is_well(void);
void restart(void);
