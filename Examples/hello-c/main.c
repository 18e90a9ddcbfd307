/* An ordinary C program: nothing of ours, only wasi-libc. What it prints becomes lines of the device's log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef APP_VERSION
#define APP_VERSION "1.0.0"
#endif

int main(int count, char **arguments) {
  printf("hello-c " APP_VERSION " starts as %s\n", arguments[0]);
  for (int i = 1; i < count; i++) printf("argument %d: %s\n", i, arguments[i]);

  const char *name = getenv("HELLO_NAME");
  printf("HELLO_NAME is %s\n", name ? name : "not set");

  time_t now = time(NULL);
  char date[32];
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  printf("it is %s\n", date);

  uint64_t number;
  if (getentropy(&number, sizeof number) != 0) {
    perror("no random number");
    return EXIT_FAILURE;
  }
  printf("a random number: %016" PRIx64 "\n", number);

  /* HELLO_LINES in its environment makes it end by itself. */
  const char *limit = getenv("HELLO_LINES");
  long lines = limit ? strtol(limit, NULL, 10) : -1;
  for (long line = 1; lines < 0 || line <= lines; line++) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    printf("hello from C, line %ld, after %.1f s\n", line, seconds);
  }
  fprintf(stderr, "hello-c ends after %ld lines\n", lines);
  return EXIT_SUCCESS;
}
