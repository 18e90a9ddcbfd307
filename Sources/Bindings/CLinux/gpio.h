// The GPIO character device, uAPI v2, as <linux/gpio.h> has it: that header can't be imported beside Glibc, and older
// systems lack it. Structures and numbers are the kernel's ABI and never change; a test compares both headers.
#pragma once

typedef unsigned int linux_gpio_u32;
typedef unsigned long long linux_gpio_u64 __attribute__((aligned(8)));

struct linux_gpio_line_values {
  linux_gpio_u64 bits;
  linux_gpio_u64 mask;
};

struct linux_gpio_line_attribute {
  linux_gpio_u32 id;
  linux_gpio_u32 padding;
  // Flags or values, by `id`.
  linux_gpio_u64 value;
};

struct linux_gpio_line_config_attribute {
  struct linux_gpio_line_attribute attribute;
  linux_gpio_u64 mask;
};

struct linux_gpio_line_config {
  linux_gpio_u64 flags;
  linux_gpio_u32 attribute_count;
  linux_gpio_u32 padding[5];
  struct linux_gpio_line_config_attribute attributes[10];
};

struct linux_gpio_line_request {
  linux_gpio_u32 offsets[64];
  char consumer[32];
  struct linux_gpio_line_config config;
  linux_gpio_u32 line_count;
  linux_gpio_u32 event_buffer_size;
  linux_gpio_u32 padding[5];
  int descriptor;
};

struct linux_gpio_line_event {
  linux_gpio_u64 timestamp_nanoseconds;
  linux_gpio_u32 id;
  linux_gpio_u32 offset;
  linux_gpio_u32 sequence;
  linux_gpio_u32 line_sequence;
  linux_gpio_u32 padding[6];
};

_Static_assert(sizeof(struct linux_gpio_line_values) == 16, "values");
_Static_assert(sizeof(struct linux_gpio_line_config) == 272, "config");
_Static_assert(sizeof(struct linux_gpio_line_request) == 592, "request");
_Static_assert(sizeof(struct linux_gpio_line_event) == 48, "event");

enum {
  LINUX_GPIO_ACTIVE_LOW = 1 << 1,
  LINUX_GPIO_INPUT = 1 << 2,
  LINUX_GPIO_OUTPUT = 1 << 3,
  LINUX_GPIO_EDGE_RISING = 1 << 4,
  LINUX_GPIO_EDGE_FALLING = 1 << 5
};

enum { LINUX_GPIO_ATTRIBUTE_OUTPUT_VALUES = 2 };
enum { LINUX_GPIO_EVENT_RISING = 1, LINUX_GPIO_EVENT_FALLING = 2 };

// _IOWR(0xB4, number, size of the structure), where the direction has two bits at the top, as on x86, ARM and RISC-V.
static const unsigned long LINUX_GPIO_GET_LINE = 0xC250B407UL;
static const unsigned long LINUX_GPIO_SET_CONFIG = 0xC110B40DUL;
static const unsigned long LINUX_GPIO_GET_VALUES = 0xC010B40EUL;
static const unsigned long LINUX_GPIO_SET_VALUES = 0xC010B40FUL;

extern int linux_ioctl_variadic(int descriptor, unsigned long request, ...) __asm__("ioctl");

static inline int linux_ioctl(int descriptor, unsigned long request, void *argument) {
  return linux_ioctl_variadic(descriptor, request, argument);
}
