// Prints how late each of 3000 ticks of a 1 kHz timerfd is, in nanoseconds.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TICKS = 3000, PERIOD = 1000000 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void) {
  static int64_t late[TICKS];
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  int64_t due = now() + 100000000;
  struct itimerspec times = {
    .it_value = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000}, .it_interval = {.tv_nsec = PERIOD}};
  if (timer < 0 || timerfd_settime(timer, TFD_TIMER_ABSTIME, &times, NULL) != 0) {
    perror("timerfd");
    return 1;
  }
  for (int tick = 0; tick < TICKS; tick++) {
    uint64_t expirations;
    if (read(timer, &expirations, sizeof expirations) != sizeof expirations) return 1;
    // As the app's timer does: late by the tick that it is for, and the ticks that were missed are passed over.
    late[tick] = now() - due;
    due += (int64_t)expirations * PERIOD;
  }
  for (int tick = 0; tick < TICKS; tick++) printf("%lld\n", (long long)late[tick]);
  return 0;
}
