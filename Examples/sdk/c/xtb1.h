/* The host API of xtblish devices for C and C++: import module xtb1, level 1. This file is all there is to it; see
 * docs/first-app-c.md for how an app is built.
 *
 * An app exports its memory, and
 *
 *   XTB_EXPORT("xtb_init") int32_t xtb_init(void);
 *       called once; 0 for success, anything else ends the app before it began;
 *   XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg);
 *       called for each event; return 0;
 *   XTB_EXPORT("_initialize") void _initialize(void);
 *       optional, called before xtb_init: constructors of C++, for example.
 *
 * The host drives: each call must return soon (a second by default), or the app is ended. A program with main (WASI's
 * _start) has no xtb_event; it waits for its events with xtb_poll.
 *
 * Results of 0 and above are values; below 0 they are XTB_E… . A pointer and its length that reach outside the app's
 * memory give XTB_EFAULT. A call that fills a buffer returns the full length and writes only if that fits.
 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XTB_IMPORT(name) __attribute__((import_module("xtb1"), import_name(name)))
#define XTB_EXPORT(name) __attribute__((export_name(name)))

/* A string literal as the two arguments, pointer and length, that the calls take. */
#define XTB_TEXT(literal) ("" literal), ((uint32_t)(sizeof(literal) - 1))

/* Negated WASI preview 1 errnos. */
enum {
  XTB_EACCES = -2,      /* the name is there, but not for this: an input pin can't be set */
  XTB_EAGAIN = -6,      /* a queue is full or a rate is exceeded: try later */
  XTB_EBADF = -8,       /* no such handle */
  XTB_EFAULT = -21,     /* a pointer or length reaches outside memory */
  XTB_EINVAL = -28,     /* a value out of range */
  XTB_EIO = -29,        /* the hardware or the storage failed */
  XTB_ENOENT = -44,     /* nothing of that name */
  XTB_ENOSPC = -51,     /* a table or the storage is full */
  XTB_ENOSYS = -52,     /* not possible for an app of this kind, or at this moment */
  XTB_ENOTCAPABLE = -76 /* this device does not grant that name */
};

/* What an XTB_E… means, for logs. */
static inline const char *xtb_error_name(int64_t result) {
  switch (result) {
    case XTB_EACCES: return "not allowed for this name (EACCES)";
    case XTB_EAGAIN: return "try later (EAGAIN)";
    case XTB_EBADF: return "no such handle (EBADF)";
    case XTB_EFAULT: return "a pointer outside memory (EFAULT)";
    case XTB_EINVAL: return "a value out of range (EINVAL)";
    case XTB_EIO: return "the hardware or the storage failed (EIO)";
    case XTB_ENOENT: return "nothing of that name (ENOENT)";
    case XTB_ENOSPC: return "full (ENOSPC)";
    case XTB_ENOSYS: return "not possible here (ENOSYS)";
    case XTB_ENOTCAPABLE: return "not granted by this device (ENOTCAPABLE)";
    default: return result < 0 ? "an unknown error" : "no error";
  }
}

/* Kinds of events. More will come: ignore those you don't know. */
enum {
  /* A timer came due. handle: the timer. time_ns: when it was due, on the monotonic clock, as all times of events
   * are. arg: how many further periods have passed since. */
  XTB_EVENT_TIMER = 1,
  /* A message was settled. handle: its ID. arg: 0, or the MQTT reason code with which the broker refused it. */
  XTB_EVENT_PUBLISHED = 2,
  /* A message came. handle: the subscription, which xtb_msg_read takes during the event. arg: the payload's length. */
  XTB_EVENT_MESSAGE = 3,
  /* A subscription was settled. handle: the subscription. arg: 0, or the MQTT reason code with which the broker
   * refused it. */
  XTB_EVENT_SUBSCRIBED = 4,
  /* A watched pin changed. handle: the pin. arg: its level, 0 or 1. */
  XTB_EVENT_PIN = 5
};

/* Logs. */

enum { XTB_DEBUG = 0, XTB_INFO = 1, XTB_WARNING = 2, XTB_ERROR = 3 };

/* Writes a line to the device's log; a long one is cut. XTB_EAGAIN: dropped, because the app logs too fast. */
XTB_IMPORT("log") int32_t xtb_log(int32_t level, const char *text, uint32_t length);

/* Clocks. */

enum { XTB_REALTIME = 0, XTB_MONOTONIC = 1 };

/* The time of a clock, and its resolution, in nanoseconds: since 1970, or since the device's start. */
XTB_IMPORT("clock_ns") int64_t xtb_clock_ns(int32_t clock);
XTB_IMPORT("clock_res_ns") int64_t xtb_clock_res_ns(int32_t clock);

/* Waits. XTB_ENOSYS inside xtb_event, which must not. */
XTB_IMPORT("sleep_ns") int32_t xtb_sleep_ns(int64_t duration_ns);

/* Events of a program with main: what xtb_event's arguments are for others. */
struct xtb_event_record {
  int32_t kind;
  int32_t handle;
  int64_t time_ns;
  int64_t arg;
  int64_t reserved; /* 0 */
};

/* Waits for the next event, at most timeout_ns; 0 only looks, below 0 waits without end. Returns 1 if there was one,
 * else 0. XTB_ENOSYS in an app of the events kind. */
XTB_IMPORT("poll") int32_t xtb_poll(int64_t timeout_ns, struct xtb_event_record *event);

/* Timers. */

/* Starts a timer: due first_ns from now, then every period_ns (at least 100000), or once if that is 0. Returns its
 * handle; XTB_ENOSPC if there are too many. */
XTB_IMPORT("timer_start") int32_t xtb_timer_start(int64_t first_ns, int64_t period_ns);
XTB_IMPORT("timer_stop") int32_t xtb_timer_stop(int32_t handle);

/* Values that outlive the app and its next version; they belong to the app's name. When xtb_kv_set returns 0, no
 * power cut can take the value away. */

/* The value of a key; XTB_ENOENT if there is none. */
XTB_IMPORT("kv_get") int32_t xtb_kv_get(const char *key, uint32_t key_length, void *buffer, uint32_t capacity);
/* XTB_ENOSPC: the app's share of the storage is full. */
XTB_IMPORT("kv_set") int32_t xtb_kv_set(const char *key, uint32_t key_length, const void *value, uint32_t value_length);
XTB_IMPORT("kv_delete") int32_t xtb_kv_delete(const char *key, uint32_t key_length);
/* The first key after `previous` in the order of their bytes; with a length of 0 the first of all. XTB_ENOENT after
 * the last one. */
XTB_IMPORT("kv_next") int32_t xtb_kv_next(const char *previous, uint32_t previous_length, char *buffer, uint32_t capacity);

/* Messages over MQTT, below /apps/{device}/. */

/* Publishes a message to /apps/{device}/{topic}: QoS 0, 1 or 2, a topic of 1 to 256 bytes. Returns its ID, which
 * XTB_EVENT_PUBLISHED repeats; XTB_EAGAIN while too many wait for that. */
XTB_IMPORT("publish") int32_t xtb_publish(const char *topic, uint32_t topic_length, const void *payload, uint32_t payload_length, int32_t qos);
/* Subscribes to /apps/{device}/{filter}, which may have MQTT's + and #. Returns the subscription's handle;
 * XTB_EVENT_SUBSCRIBED says whether the broker agreed. */
XTB_IMPORT("subscribe") int32_t xtb_subscribe(const char *filter, uint32_t filter_length);
XTB_IMPORT("unsubscribe") int32_t xtb_unsubscribe(int32_t handle);

enum { XTB_TOPIC = 0, XTB_PAYLOAD = 1 };

/* A part of the message of the event that is being handled: its topic below /apps/{device}/, or its payload. */
XTB_IMPORT("msg_read") int32_t xtb_msg_read(int32_t handle, int32_t part, void *buffer, uint32_t capacity);

/* Pins. */

enum { XTB_PIN_INPUT = 0, XTB_PIN_OUTPUT = 1 };
enum { XTB_EDGE_NONE = 0, XTB_EDGE_RISING = 1, XTB_EDGE_FALLING = 2, XTB_EDGE_BOTH = 3 };

/* Opens a pin by the name that the device's board gives it. Returns its handle; XTB_ENOTCAPABLE if this device has
 * none of that name. In xtb_init a pin of hardware is still the predecessor's: it can be set, which takes effect when
 * that has stopped, and can't be read yet (XTB_EAGAIN). */
XTB_IMPORT("gpio_open") int32_t xtb_gpio_open(const char *name, uint32_t name_length, int32_t flags);
/* The pin's level, 0 or 1. */
XTB_IMPORT("gpio_get") int32_t xtb_gpio_get(int32_t pin);
XTB_IMPORT("gpio_set") int32_t xtb_gpio_set(int32_t pin, int32_t level);
/* From now on XTB_EVENT_PIN tells of these edges; XTB_EDGE_NONE ends it. */
XTB_IMPORT("gpio_watch") int32_t xtb_gpio_watch(int32_t pin, int32_t edges);

/* Sensors. */

struct xtb_reading {
  int64_t micro_units; /* millionths of the sensor's unit: 21500000 is 21.5 °C */
  int64_t time_ns;     /* when it was taken, on the monotonic clock */
};

/* Opens a sensor by the name that the device's board gives it. Returns its handle; XTB_ENOTCAPABLE if this device has
 * none of that name. */
XTB_IMPORT("sensor_open") int32_t xtb_sensor_open(const char *name, uint32_t name_length);
/* Reads a channel, the first of which is 0. */
XTB_IMPORT("sensor_read") int32_t xtb_sensor_read(int32_t sensor, int32_t channel, struct xtb_reading *reading);

/* The device and the app. */

/* The value of a configuration key; XTB_ENOENT if there is none. */
XTB_IMPORT("config_get") int32_t xtb_config_get(const char *key, uint32_t key_length, char *buffer, uint32_t capacity);

/* The device's ID, 16 bytes. */
XTB_IMPORT("device_id") int32_t xtb_device_id(uint8_t *buffer);

/* Says that the app works, which ends its trial: the device keeps it. */
XTB_IMPORT("health_confirm") int32_t xtb_health_confirm(void);

/* From now on the app is ended unless it calls xtb_watchdog_feed at least every timeout_ns, of a millisecond to a day; 0
 * ends that. */
XTB_IMPORT("watchdog_arm") int32_t xtb_watchdog_arm(int64_t timeout_ns);
XTB_IMPORT("watchdog_feed") int32_t xtb_watchdog_feed(void);

/* Why the app was started this time. More will come. */
enum {
  XTB_RESET_POWER = 0,    /* the device was switched on, or its agent began anew */
  XTB_RESET_UPDATE = 1,   /* this is the first start of a new version */
  XTB_RESET_ROLLBACK = 2, /* a newer version was taken back */
  XTB_RESET_TRAP = 3,     /* its last run crashed */
  XTB_RESET_DEADLINE = 4, /* its last run took too long in a call */
  XTB_RESET_WATCHDOG = 5, /* its last run did not feed its watchdog */
  XTB_RESET_EXIT = 6      /* its last run ended by itself */
};
XTB_IMPORT("reset_reason") int32_t xtb_reset_reason(void);

struct xtb_memory {
  int64_t used_bytes;  /* of the app's memory now */
  int64_t limit_bytes; /* up to which it may grow */
};

XTB_IMPORT("mem_info") int32_t xtb_mem_info(struct xtb_memory *memory);

/* Fills up to 65536 bytes with random ones that are good for keys. */
XTB_IMPORT("random") int32_t xtb_random(void *buffer, uint32_t length);

#ifdef __cplusplus
}
#endif
