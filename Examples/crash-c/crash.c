/* Crashes in its third tick, to show what a crash report says. */
#include <stdint.h>

#include "xtb1.h"

static int32_t ticks;

/* The functions stay apart, so that each is a frame of the report. */
#define FRAME __attribute__((noinline))

FRAME static int32_t average(int32_t sum, int32_t count) {
  return sum / count; /* crashes here, with a count of 0 */
}

FRAME static int32_t measure(int32_t tick) {
  int32_t good_samples = tick < 3 ? 3 - tick : 0;
  return average(21 * good_samples, good_samples);
}

XTB_EXPORT("xtb_init") int32_t xtb_init(void) {
  xtb_log(XTB_INFO, XTB_TEXT("crash-c starts: it crashes in its third tick"));
  int32_t timer = xtb_timer_start(100000000, 100000000);
  return timer < 0 ? timer : 0;
}

XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg) {
  (void)handle, (void)time_ns, (void)arg;
  if (kind != XTB_EVENT_TIMER) return 0;
  if (measure(++ticks) == 21) xtb_log(XTB_INFO, XTB_TEXT("the average is 21"));
  return 0;
}
