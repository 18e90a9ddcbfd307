/* A lamp at the pin `led` that is told what to do: it subscribes to `lamp/set`, takes `on` and `off`, and publishes which
 * of them it is to `lamp`. It proves itself when the broker has accepted the subscription: without that it can do nothing. */
#include <stdbool.h>

#include "text.h"
#include "xtb1.h"

static int32_t led;
static int32_t orders;

static void log_problem(const char *what, int64_t result) {
  struct text line = {0};
  append(&line, what);
  append(&line, ": ");
  append(&line, xtb_error_name(result));
  xtb_log(XTB_WARNING, line.bytes, line.length);
}

/* Whether the text of a message is `word`. */
static bool is_word(const char *text, int32_t length, const char *word) {
  if ((uint32_t)length != string_length(word)) return false;
  for (int32_t i = 0; i < length; i++) {
    if (text[i] != word[i]) return false;
  }
  return true;
}

static void switch_to(bool is_on) {
  int32_t result = xtb_gpio_set(led, is_on);
  if (result < 0) return log_problem("the lamp can't be switched", result);
  result = is_on ? xtb_publish(XTB_TEXT("lamp"), XTB_TEXT("on"), 1) : xtb_publish(XTB_TEXT("lamp"), XTB_TEXT("off"), 1);
  if (result < 0) log_problem("the lamp's state is not published", result);
}

/* An order that comes twice does no harm: QoS 1 may repeat it. */
static void obey(void) {
  char order[4];
  int32_t length = xtb_msg_read(orders, XTB_PAYLOAD, order, sizeof order);
  if (length < 0) return log_problem("an order can't be read", length);
  /* A longer one was not written. */
  if (length > (int32_t)sizeof order) length = 0;
  if (is_word(order, length, "on")) return switch_to(true);
  if (is_word(order, length, "off")) return switch_to(false);
  xtb_log(XTB_WARNING, XTB_TEXT("an order is neither on nor off"));
}

XTB_EXPORT("xtb_init") int32_t xtb_init(void) {
  led = xtb_gpio_open(XTB_TEXT("led"), XTB_PIN_OUTPUT);
  if (led < 0) {
    log_problem("the pin \"led\" can't be opened", led);
    return led;
  }
  orders = xtb_subscribe(XTB_TEXT("lamp/set"));
  if (orders < 0) log_problem("there is no subscription", orders);
  return orders < 0 ? orders : 0;
}

XTB_EXPORT("xtb_event") int32_t xtb_event(int32_t kind, int32_t handle, int64_t time_ns, int64_t arg) {
  (void)time_ns;
  if (kind == XTB_EVENT_SUBSCRIBED && handle == orders) {
    if (arg == 0) {
      xtb_health_confirm();
    } else {
      xtb_log(XTB_WARNING, XTB_TEXT("the broker refused the subscription"));
    }
  }
  if (kind == XTB_EVENT_MESSAGE && handle == orders) obey();
  return 0;
}
