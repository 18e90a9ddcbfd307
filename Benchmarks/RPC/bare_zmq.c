/* Round trips over bare libzmq: what the bus is measured against.
 *
 *   bare_zmq serve ENDPOINT
 *   bare_zmq load ENDPOINT IN_FLIGHT SECONDS PAYLOAD_BYTES
 *
 * A ROUTER that sends back what it gets, and a DEALER that keeps IN_FLIGHT messages under way. `load`
 * prints round trips a second, and the median and 99th percentile of their time in microseconds. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void fail(const char *call) {
  fprintf(stderr, "bare_zmq: %s: %s\n", call, zmq_strerror(errno));
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void serve(void *context, const char *endpoint) {
  void *router = zmq_socket(context, ZMQ_ROUTER);
  if (zmq_bind(router, endpoint) != 0) fail("zmq_bind");
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    zmq_msg_t identity, body;
    zmq_msg_init(&identity);
    zmq_msg_init(&body);
    if (zmq_msg_recv(&identity, router, 0) < 0 || zmq_msg_recv(&body, router, 0) < 0) fail("zmq_msg_recv");
    if (zmq_msg_send(&identity, router, ZMQ_SNDMORE) < 0 || zmq_msg_send(&body, router, 0) < 0) fail("zmq_msg_send");
  }
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void load(void *context, const char *endpoint, int in_flight, double seconds, size_t payload) {
  void *dealer = zmq_socket(context, ZMQ_DEALER);
  if (zmq_connect(dealer, endpoint) != 0) fail("zmq_connect");
  if (payload < sizeof(uint64_t)) payload = sizeof(uint64_t);
  char *frame = calloc(1, payload);
  size_t capacity = 1 << 20, count = 0;
  uint64_t *times = malloc(capacity * sizeof *times);
  uint64_t started = now(), measured = started + 300000000u, end = measured + (uint64_t)(seconds * 1e9);
  for (int i = 0; i < in_flight; i++) {
    uint64_t sent = now();
    memcpy(frame, &sent, sizeof sent);
    if (zmq_send(dealer, frame, payload, 0) < 0) fail("zmq_send");
  }
  for (;;) {
    if (zmq_recv(dealer, frame, payload, 0) < 0) fail("zmq_recv");
    uint64_t sent, received = now();
    memcpy(&sent, frame, sizeof sent);
    if (received >= end) break;
    if (received >= measured) {
      if (count == capacity) times = realloc(times, (capacity *= 2) * sizeof *times);
      times[count++] = received - sent;
    }
    memcpy(frame, &received, sizeof received);
    if (zmq_send(dealer, frame, payload, 0) < 0) fail("zmq_send");
  }
  qsort(times, count, sizeof *times, ascending);
  printf("%.0f %.1f %.1f\n", (double)count / seconds, count ? (double)times[count / 2] / 1e3 : 0,
         count ? (double)times[count * 99 / 100] / 1e3 : 0);
}

int main(int argc, char **argv) {
  void *context = zmq_ctx_new();
  if (argc == 3 && strcmp(argv[1], "serve") == 0) {
    serve(context, argv[2]);
  } else if (argc == 6 && strcmp(argv[1], "load") == 0) {
    load(context, argv[2], atoi(argv[3]), atof(argv[4]), (size_t)atol(argv[5]));
  } else {
    fprintf(stderr, "usage: bare_zmq serve ENDPOINT | load ENDPOINT IN_FLIGHT SECONDS PAYLOAD_BYTES\n");
    return 64;
  }
  return 0;
}
