#include "CWasmtime.h"

#include <dlfcn.h>
#include <stdio.h>

struct wasmtime_functions wasmtime_functions;

int wasmtime_load(const char *path, char *message, size_t message_capacity) {
  static bool loaded;
  if (loaded) return 0;

  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(message, message_capacity, "%s", reason ? reason : path);
    return -1;
  }

  struct wasmtime_functions found;
#define WASMTIME_RESOLVE(result, name, parameters, arguments) \
  *(void **)&found.name = dlsym(library, #name); \
  if (!found.name) { \
    snprintf(message, message_capacity, "%s has no function %s, so it is not Wasmtime %s", path, #name, \
             WASMTIME_VERSION); \
    dlclose(library); \
    return -1; \
  }
  WASMTIME_FUNCTIONS(WASMTIME_RESOLVE)
#undef WASMTIME_RESOLVE

  wasmtime_functions = found;
  loaded = true;
  return 0;
}
