// Calls of Linux and glibc that Swift's Glibc module lacks: variadic ones, and those behind _GNU_SOURCE.
// It includes no header, because what a header declares depends on the macros of whoever includes it first, and
// modules that disagree can't be imported together. The asm labels bind the C library's names to others of our own.
#pragma once

extern int linux_pipe2(int *descriptors, int flags) __asm__("pipe2");
extern int linux_prctl(int option, ...) __asm__("prctl");
extern int linux_gettid(void) __asm__("gettid");
extern long linux_getrandom(void *bytes, unsigned long count, unsigned flags) __asm__("getrandom");
extern int linux_malloc_trim(unsigned long keep) __asm__("malloc_trim");

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

extern long linux_syscall(long number, ...) __asm__("syscall");

// System calls without a wrapper: capset, seccomp, and Landlock's, which are the same everywhere.
#if defined(__x86_64__)
#define LINUX_CAPSET 126L
#define LINUX_SECCOMP 317L
#elif defined(__aarch64__)
#define LINUX_CAPSET 91L
#define LINUX_SECCOMP 277L
#endif

// From here on no program that this process executes gets rights it does not have (PR_SET_NO_NEW_PRIVS).
static inline int linux_set_no_new_privileges(void) { return linux_prctl(38, 1UL, 0UL, 0UL, 0UL); }

// A capability that the calling thread can never get again (PR_CAPBSET_DROP); fails past the last one there is.
static inline int linux_drop_bounding_capability(unsigned long capability) {
  return linux_prctl(24, capability, 0UL, 0UL, 0UL);
}

// Capabilities that would survive an exec (PR_CAP_AMBIENT_CLEAR_ALL).
static inline int linux_clear_ambient_capabilities(void) { return linux_prctl(47, 4UL, 0UL, 0UL, 0UL); }

// Whether others of the same user may trace the process and read its memory (PR_SET_DUMPABLE).
static inline int linux_set_dumpable(unsigned long is) { return linux_prctl(4, is, 0UL, 0UL, 0UL); }

// The calling thread has no capabilities from here on.
static inline int linux_drop_capabilities(void) {
#ifdef LINUX_CAPSET
  struct { unsigned version; int thread; } head = {0x20080522u, 0};
  struct { unsigned effective, permitted, inheritable; } none[2] = {{0, 0, 0}, {0, 0, 0}};
  return (int)linux_syscall(LINUX_CAPSET, &head, none);
#else
  return -1;
#endif
}

// `instructions` is an array of struct sock_filter, for all threads of the process (SECCOMP_SET_MODE_FILTER with
// SECCOMP_FILTER_FLAG_TSYNC). 0, -1 with errno, or the ID of a thread that can't follow.
static inline long linux_install_filter(const void *instructions, unsigned short count) {
#ifdef LINUX_SECCOMP
  struct { unsigned short count; const void *instructions; } program = {count, instructions};
  return linux_syscall(LINUX_SECCOMP, 1UL, 1UL, &program);
#else
  return -1;
#endif
}

static inline int linux_landlock_version(void) { return (int)linux_syscall(444L, (void *)0, 0UL, 1UL); }

// `attributes` is a struct landlock_ruleset_attr. A descriptor, or -1.
static inline int linux_landlock_create(const void *attributes, unsigned long size) {
  return (int)linux_syscall(444L, attributes, size, 0UL);
}

// The calling thread and those it starts.
static inline int linux_landlock_restrict(int descriptor) { return (int)linux_syscall(446L, (long)descriptor, 0UL); }

// Starts to write a range of a file's pages to the disk, and waits for none of it (SYNC_FILE_RANGE_WRITE).
extern int linux_sync_file_range(int descriptor, long offset, long count, unsigned int flags) __asm__("sync_file_range");
static inline int linux_start_writing(int descriptor, long offset, long count) {
  return linux_sync_file_range(descriptor, offset, count, 2);
}

// Reads from a position what is in the page cache, and waits for nothing else (RWF_NOWAIT).
extern long linux_preadv2(int descriptor, const void *vectors, int count, long offset, int flags) __asm__("preadv2");
static inline long linux_read_cached(int descriptor, void *space, unsigned long count, long offset) {
  struct { void *base; unsigned long length; } vector = {space, count};
  return linux_preadv2(descriptor, &vector, 1, offset, 8);
}

// A copy of this process, which runs on from here with one thread. Only for a process that has one.
extern int linux_fork(void) __asm__("fork");

// Messages of one byte that carry up to eight descriptors, over a Unix socket.
struct linux_message {
  void *name; unsigned name_length; void *vectors; unsigned long vector_count;
  void *control; unsigned long control_length; int flags;
};
struct linux_descriptors { unsigned long length; int level; int type; int numbers[8]; };
extern long linux_sendmsg(int socket, const struct linux_message *message, int flags) __asm__("sendmsg");
extern long linux_recvmsg(int socket, struct linux_message *message, int flags) __asm__("recvmsg");

// 1, or -1 with errno. A peer that has gone is EPIPE, not a signal (MSG_NOSIGNAL), and one that does not read until there is
// no more room is EAGAIN, not a wait without end (MSG_DONTWAIT).
static inline long linux_send_descriptors(int socket, const int *numbers, unsigned count) {
  char byte = 0;
  struct { void *base; unsigned long length; } vector = {&byte, 1};
  struct linux_descriptors rights = {16 + 4UL * count, 1, 1, {0}};
  for (unsigned index = 0; index < count && index < 8; index++) rights.numbers[index] = numbers[index];
  struct linux_message message = {0, 0, &vector, 1, &rights, 16 + (4UL * count + 7) / 8 * 8, 0};
  return linux_sendmsg(socket, &message, 0x4040);
}

// How many descriptors came, none of which a program that is executed inherits; 0 at the end of the stream and for a
// message without any; -1 with errno.
static inline long linux_receive_descriptors(int socket, int *numbers, unsigned limit) {
  char byte = 0;
  struct { void *base; unsigned long length; } vector = {&byte, 1};
  struct linux_descriptors rights = {0, 0, 0, {0}};
  struct linux_message message = {0, 0, &vector, 1, &rights, sizeof rights, 0};
  long received = linux_recvmsg(socket, &message, 0x40000000);
  if (received <= 0) return received;
  if (message.control_length < 20 || rights.level != 1 || rights.type != 1) return 0;
  unsigned count = (unsigned)((rights.length - 16) / 4);
  for (unsigned index = 0; index < count && index < limit; index++) numbers[index] = rights.numbers[index];
  return count < limit ? count : limit;
}
