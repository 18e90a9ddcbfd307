// A board of files and sockets for the client of docs/polling.md. Its flash is the working folder: note, slot0, slot1.
// HOST, PORT, CA, TOKEN and DEVICE (32 hexadecimal digits) say where it is and who; WELL=0 makes the app fail its test.
// CUT cuts the power: "download:N" after N bytes of the image, "before-note" and "after-note" around the switch,
// "untold" when the server has the report and the note does not say so yet. It ends with 10 for a restart, 99 for a cut.
#include "board.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint8_t device_id[16];
static EVP_MD_CTX *hash;

static const char *setting(const char *name) { return getenv(name) ? getenv(name) : ""; }
static void cut_if(const char *when) {
  if (!strcmp(setting("CUT"), when)) _exit(99);
}

struct note note_load(void) {
  struct note note = {0};
  int file = open("note", O_RDONLY);
  if (file >= 0 && read(file, &note, sizeof note) != sizeof note) abort();
  close(file);
  return note;
}

void note_store(const struct note *note) {
  if (note->phase == 1) cut_if("before-note");
  if (note->phase == 0) cut_if("untold");
  int file = open("note.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (write(file, note, sizeof *note) != sizeof *note || fsync(file) || close(file) || rename("note.new", "note")) abort();
  if (note->phase == 1) cut_if("after-note");
}

int slot_write(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  unsigned long limit = 0;
  sscanf(setting("CUT"), "download:%lu", &limit);
  int file = open(note_load().slot ? "slot0" : "slot1", O_WRONLY | O_CREAT | (offset ? 0 : O_TRUNC), 0600);
  int written = pwrite(file, bytes, count, offset) == (ssize_t)count;
  close(file);
  if (limit && offset + count >= limit) _exit(99);
  return written;
}

void sha256_begin(void) {
  hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
}
void sha256_add(const uint8_t *bytes, uint32_t count) { EVP_DigestUpdate(hash, bytes, count); }
void sha256_end(uint8_t digest[32]) { EVP_DigestFinal_ex(hash, digest, NULL); }

// One request on a connection of its own; the status, or 0 if the answer was cut short.
int https(const char *method, const char *path, const char *body, int (*sink)(const uint8_t *, uint32_t)) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!SSL_CTX_load_verify_locations(context, setting("CA"), NULL)) return 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  BIO *link = BIO_new_ssl_connect(context);
  char buffer[4096], address[128];
  snprintf(address, sizeof address, "%s:%s", setting("HOST"), setting("PORT"));
  BIO_set_conn_hostname(link, address);
  if (BIO_do_connect(link) <= 0) return 0;
  int size = snprintf(
      buffer, sizeof buffer,
      "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n"
      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
      method, path, address, setting("TOKEN"), body ? strlen(body) : 0, body ? body : "");
  if (BIO_write(link, buffer, size) != size) return 0;
  // The head of the answer, a byte at a time: a board has no room for more than it needs.
  int status = 0, length = -1, count = 0;
  while (count < (int)sizeof buffer - 1 && BIO_read(link, buffer + count, 1) == 1) {
    buffer[++count] = 0;
    if (count >= 4 && !memcmp(buffer + count - 4, "\r\n\r\n", 4)) break;
  }
  sscanf(buffer, "HTTP/1.1 %d", &status);
  for (char *line = buffer; (line = strchr(line, '\n')); line++) sscanf(line, "\n%*[Cc]ontent-%*[Ll]ength: %d", &length);
  while (length > 0) {
    count = BIO_read(link, buffer, length < (int)sizeof buffer ? length : (int)sizeof buffer);
    if (count <= 0) return 0;
    if (status == 200 && !sink((uint8_t *)buffer, count)) return 0;
    length -= count;
  }
  BIO_free_all(link);
  SSL_CTX_free(context);
  fprintf(stderr, "%s %s %d\n", method, path, status);
  return length == 0 ? status : 0;
}

int app_is_well(void) { return strcmp(setting("WELL"), "0") != 0; }
void restart(void) { _exit(10); }

void wake(void);
int main(void) {
  for (int i = 0; i < 16; i++) sscanf(setting("DEVICE") + 2 * i, "%2hhx", &device_id[i]);
  wake();
  return 0;
}
