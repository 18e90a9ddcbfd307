#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/ssl.h>
#include <stdbool.h>
// Wakes the thread that waits on the library's socket; Swift's Glibc module leaves it out.
#include <sys/eventfd.h>

// A TLS record may hold several packets, and the library reads them one by one.
static inline bool xtblish_mosquitto_holds_input(struct mosquitto *client) {
  const SSL *ssl = mosquitto_ssl_get(client);
  return ssl != NULL && SSL_pending(ssl) > 0;
}
