// Calls of Linux and glibc that Swift can't import: variadic ones, and those behind _GNU_SOURCE.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc declares these only if _GNU_SOURCE came before its first header, which a module can't promise.
extern int pipe2(int descriptors[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// The kernel sends this process `signal` when the thread that started it ends.
static inline int linux_set_parent_death_signal(int signal) {
  return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL);
}

// How much later than asked for a wait of this thread may end, in nanoseconds.
static inline int linux_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

static inline int linux_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL); }

static inline pid_t linux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }
