/* The host API of xtblish devices, import module xtb1, level 1.
 *
 * An app exports its memory, and
 *
 *   int32_t xtb_init(void);
 *       called once; 0 for success, anything else ends the app before it began;
 *   int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg);
 *       called for each event; return 0;
 *   void _initialize(void);
 *       optional, called before xtb_init.
 *
 * The host drives: each call must return soon (a second by default), or the app is ended.
 *
 * Results of 0 and above are values; below 0 they are XTB_E… . A pointer and its length that reach outside the
 * app's memory give XTB_EFAULT. A call that fills a buffer returns the full length and writes only if that fits.
 */
#pragma once

#include <stdint.h>

#define XTB_IMPORT(name) __attribute__((import_module("xtb1"), import_name(name)))
#define XTB_EXPORT(name) __attribute__((export_name(name)))

/* Negated WASI preview 1 errnos. */
enum {
  XTB_EAGAIN = -6,  /* a queue is full or a rate is exceeded: try later */
  XTB_EBADF = -8,   /* no such handle */
  XTB_EFAULT = -21, /* a pointer or length reaches outside memory */
  XTB_EINVAL = -28, /* a value out of range */
  XTB_ENOENT = -44, /* nothing of that name */
  XTB_ENOSPC = -51, /* a table is full */
  XTB_ENOSYS = -52  /* not possible for an app of this kind */
};

/* First argument of xtb_event. More kinds will come: ignore those you don't know. */
enum {
  /* A timer came due. handle: the timer. time_ns: when it was due, on the monotonic clock. arg: how many further
   * periods have passed since. */
  XTB_EVENT_TIMER = 1,
  /* A message was settled. handle: its ID. arg: 0, or the MQTT reason code with which the broker refused it. */
  XTB_EVENT_PUBLISHED = 2
};

enum { XTB_DEBUG = 0, XTB_INFO = 1, XTB_WARNING = 2, XTB_ERROR = 3 };
enum { XTB_REALTIME = 0, XTB_MONOTONIC = 1 };

/* Writes a line to the device's log; a long one is cut. XTB_EAGAIN: dropped, because the app logs too fast. */
XTB_IMPORT("log") int32_t xtb_log(int32_t level, const char *text, uint32_t length);

/* The time of a clock, and its resolution, in nanoseconds. */
XTB_IMPORT("clock_ns") int64_t xtb_clock_ns(int32_t clock);
XTB_IMPORT("clock_res_ns") int64_t xtb_clock_res_ns(int32_t clock);

/* Starts a timer: due first_ns from now, then every period_ns (at least 100000), or once if that is 0. Returns its
 * handle. */
XTB_IMPORT("timer_start") int32_t xtb_timer_start(int64_t first_ns, int64_t period_ns);
XTB_IMPORT("timer_stop") int32_t xtb_timer_stop(int32_t handle);

/* Publishes a message to /apps/{device}/{topic}: QoS 0, 1 or 2, a topic of 1 to 256 bytes. Returns its ID, which
 * XTB_EVENT_PUBLISHED repeats; XTB_EAGAIN while too many wait for that. */
XTB_IMPORT("publish") int32_t xtb_publish(const char *topic, uint32_t topic_length, const void *payload, uint32_t payload_length, int32_t qos);

/* The value of a configuration key; XTB_ENOENT if there is none. */
XTB_IMPORT("config_get") int32_t xtb_config_get(const char *key, uint32_t key_length, char *buffer, uint32_t capacity);

/* The device's ID, 16 bytes. */
XTB_IMPORT("device_id") int32_t xtb_device_id(uint8_t *buffer);

/* Says that the app works, which ends its trial: the device keeps it. */
XTB_IMPORT("health_confirm") int32_t xtb_health_confirm(void);

/* Fills up to 65536 bytes with random ones that are good for keys. */
XTB_IMPORT("random") int32_t xtb_random(void *buffer, uint32_t length);
