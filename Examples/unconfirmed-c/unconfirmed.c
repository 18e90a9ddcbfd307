/* Works, but never says so. At the end of its trial the device keeps it, as it did not fail; one whose setting
 * XTBLISH_DEVICE_TRIAL_UNCONFIRMED is roll-back goes back to the app before it. */
#include <stdint.h>

#include "xtb1.h"

XTB_EXPORT("xtb_init") int32_t xtb_init(void) {
  xtb_log(XTB_INFO, XTB_TEXT("unconfirmed-c starts: it never confirms itself"));
  int32_t timer = xtb_timer_start(0, 1000000000);
  return timer < 0 ? timer : 0;
}

XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg) {
  (void)handle, (void)time_ns, (void)arg;
  if (kind == XTB_EVENT_TIMER) xtb_log(XTB_INFO, XTB_TEXT("still on trial"));
  return 0;
}
