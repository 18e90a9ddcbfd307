/* Blinks the pin `led`, a thousand times a second, and says each second how that went.
 * Configuration: period_us, from 200 to 10000000; 1000 if there is none. */
#include <stdbool.h>

#include "text.h"
#include "xtb1.h"

static int32_t led;
static bool is_on;
static int64_t blinks;
static int64_t missed_ticks;
static int64_t latest_ns; /* how late the latest tick of this second came */
static int64_t begin_ns; /* of this second */
static bool confirmed;

static int64_t configured_period_us(void) {
  char digits[8];
  int32_t length = xtb_config_get(XTB_TEXT("period_us"), digits, sizeof digits);
  if (length <= 0 || length > (int32_t)sizeof digits) return 1000;
  int64_t period = 0;
  for (int32_t i = 0; i < length; i++) {
    if (digits[i] < '0' || digits[i] > '9') return 1000;
    period = period * 10 + (digits[i] - '0');
  }
  return period < 200 || period > 10000000 ? 1000 : period;
}

static void report(int64_t now) {
  struct text line = {0};
  append(&line, "blinked ");
  append_number(&line, blinks);
  append(&line, " times in ");
  append_number(&line, (now - begin_ns) / 1000000);
  append(&line, " ms, ");
  append_number(&line, missed_ticks);
  append(&line, " ticks missed, the latest ");
  append_number(&line, latest_ns / 1000);
  append(&line, " us late");
  xtb_log(XTB_INFO, line.bytes, line.length);
  blinks = missed_ticks = latest_ns = 0;
  begin_ns = now;
  if (!confirmed) {
    confirmed = true;
    xtb_health_confirm();
  }
}

XTB_EXPORT("xtb_init") int32_t xtb_init(void) {
  led = xtb_gpio_open(XTB_TEXT("led"), XTB_PIN_OUTPUT);
  if (led < 0) {
    struct text line = {0};
    append(&line, "the pin \"led\" can't be opened: ");
    append(&line, xtb_error_name(led));
    xtb_log(XTB_ERROR, line.bytes, line.length);
    return led;
  }
  int32_t timer = xtb_timer_start(0, configured_period_us() * 1000 / 2);
  return timer < 0 ? timer : 0;
}

XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg) {
  (void)handle;
  if (kind != XTB_EVENT_TIMER) return 0;
  int64_t now = xtb_clock_ns(XTB_MONOTONIC);
  is_on = !is_on;
  xtb_gpio_set(led, is_on);
  if (is_on) blinks++;
  missed_ticks += arg;
  if (now - time_ns > latest_ns) latest_ns = now - time_ns;
  if (begin_ns == 0) begin_ns = time_ns;
  if (now - begin_ns >= 1000000000) report(now);
  return 0;
}
