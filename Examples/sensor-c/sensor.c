/* A temperature sensor: reads each period, logs the reading and publishes it as JSON to the topic `temperature`.
 * Counts its readings across restarts and updates.
 * Configuration: period_ms, from 10 to 3600000; 1000 if there is none. */
#include <stdbool.h>

#include "text.h"
#include "xtb1.h"

#ifndef APP_VERSION
#define APP_VERSION "1.0.0"
#endif

static int32_t sensor;
static int32_t timer;
static int64_t readings;
static bool confirmed;

static void log_text(int32_t level, const struct text *text) { xtb_log(level, text->bytes, text->length); }

static void log_problem(const char *what, int64_t result) {
  struct text line = {0};
  append(&line, what);
  append(&line, ": ");
  append(&line, xtb_error_name(result));
  log_text(XTB_WARNING, &line);
}

/* A whole number of the configuration, or `fallback` if there is none between `least` and `most`. */
static int64_t configured(const char *key, int64_t least, int64_t most, int64_t fallback) {
  char buffer[12];
  int32_t length = xtb_config_get(key, string_length(key), buffer, sizeof buffer);
  if (length <= 0 || length > (int32_t)sizeof buffer) return fallback;
  int64_t number = 0;
  for (int32_t i = 0; i < length; i++) {
    if (buffer[i] < '0' || buffer[i] > '9') return fallback;
    number = number * 10 + (buffer[i] - '0');
  }
  return number < least || number > most ? fallback : number;
}

static void measure(void) {
  struct xtb_reading reading;
  int32_t result = xtb_sensor_read(sensor, 0, &reading);
  if (result < 0) return log_problem("the sensor can't be read", result);
  readings++;

  struct text line = {0};
  append(&line, "temperature ");
  append_hundredths(&line, reading.micro_units / 10000);
  append(&line, " °C (reading ");
  append_number(&line, readings);
  append(&line, ")");
  log_text(XTB_INFO, &line);

  struct text json = {0};
  append(&json, "{\"temperature\":");
  append_hundredths(&json, reading.micro_units / 10000);
  append(&json, ",\"unit\":\"C\",\"reading\":");
  append_number(&json, readings);
  append(&json, ",\"app\":\"sensor-c\",\"version\":\"" APP_VERSION "\"}");
  result = xtb_publish(XTB_TEXT("temperature"), json.bytes, json.length, 1);
  if (result < 0) log_problem("the reading is not published", result);

  /* Not at each reading: flash wears. */
  if (readings % 10 == 1) {
    result = xtb_kv_set(XTB_TEXT("readings"), &readings, sizeof readings);
    if (result < 0) log_problem("the count is not kept", result);
  }
  if (!confirmed) {
    confirmed = true;
    xtb_health_confirm();
  }
}

XTB_EXPORT("xtb_init") int32_t xtb_init(void) {
  sensor = xtb_sensor_open(XTB_TEXT("temperature"));
  if (sensor < 0) {
    log_problem("there is no sensor \"temperature\"", sensor);
    return sensor;
  }
  if (xtb_kv_get(XTB_TEXT("readings"), &readings, sizeof readings) != sizeof readings) readings = 0;

  int64_t period_ms = configured("period_ms", 10, 3600000, 1000);
  struct text line = {0};
  append(&line, "sensor-c " APP_VERSION " starts: period_ms ");
  append_number(&line, period_ms);
  append(&line, ", ");
  append_number(&line, readings);
  append(&line, " readings so far");
  log_text(XTB_INFO, &line);

  timer = xtb_timer_start(0, period_ms * 1000000);
  return timer < 0 ? timer : 0;
}

XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg) {
  (void)time_ns;
  if (kind == XTB_EVENT_TIMER && handle == timer) measure();
  if (kind == XTB_EVENT_PUBLISHED && arg != 0) {
    struct text line = {0};
    append(&line, "the broker refused a reading: reason ");
    append_number(&line, arg);
    log_text(XTB_WARNING, &line);
  }
  return 0;
}
