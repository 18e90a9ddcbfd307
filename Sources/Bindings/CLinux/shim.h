// Calls of Linux and glibc that Swift's Glibc module lacks: variadic ones, and those behind _GNU_SOURCE.
// It includes no header, because what a header declares depends on the macros of whoever includes it first, and
// modules that disagree can't be imported together. The asm labels bind the C library's names to others of our own.
#pragma once

extern int linux_pipe2(int *descriptors, int flags) __asm__("pipe2");
extern int linux_prctl(int option, ...) __asm__("prctl");
extern int linux_gettid(void) __asm__("gettid");

// `actions` is a posix_spawn_file_actions_t: the child closes every descriptor from `from` on.
extern int linux_spawn_actions_add_close_from(void *actions, int from) __asm__("posix_spawn_file_actions_addclosefrom_np");

// The kernel sends this process `signal` when the thread that started it ends (PR_SET_PDEATHSIG).
static inline int linux_set_parent_death_signal(int signal) {
  return linux_prctl(1, (unsigned long)signal, 0UL, 0UL, 0UL);
}

// The calling thread's name, at most 15 bytes (PR_SET_NAME).
static inline int linux_set_thread_name(const char *name) { return linux_prctl(15, name, 0UL, 0UL, 0UL); }

// How much later than asked for a wait of the calling thread may end, in nanoseconds (PR_SET_TIMERSLACK).
static inline int linux_set_timer_slack(unsigned long nanoseconds) {
  return linux_prctl(29, nanoseconds, 0UL, 0UL, 0UL);
}
