// Wasmtime's C API, as far as xtblish calls it. The engine comes as a shared object without headers,
// so the declarations stand here, and the object is opened at run time. Checked against version 50.0.1.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The version that the layouts below belong to.
#define WASMTIME_VERSION "50.0.1"

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasmtime_store wasmtime_store_t;
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_module wasmtime_module_t;
typedef struct wasmtime_linker wasmtime_linker_t;
typedef struct wasmtime_caller wasmtime_caller_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_frame_t wasm_frame_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasm_valtype_t wasm_valtype_t;
typedef struct wasi_config_t wasi_config_t;

#define WASMTIME_VECTOR(name, element) \
  typedef struct name { \
    size_t size; \
    element *_Nullable data; \
  } name;

WASMTIME_VECTOR(wasm_byte_vec_t, char)
WASMTIME_VECTOR(wasm_frame_vec_t, wasm_frame_t *_Nullable)
WASMTIME_VECTOR(wasm_valtype_vec_t, wasm_valtype_t *_Nullable)

typedef uint8_t wasm_valkind_t;
enum { WASM_I32 = 0, WASM_I64 = 1, WASM_F32 = 2, WASM_F64 = 3 };

enum { WASM_EXTERN_FUNC = 0, WASM_EXTERN_GLOBAL = 1, WASM_EXTERN_TABLE = 2, WASM_EXTERN_MEMORY = 3 };

// A value whose type both sides know.
typedef union wasmtime_val_raw {
  int32_t i32;
  int64_t i64;
  uint8_t v128[16];
  void *_Nullable funcref;
} wasmtime_val_raw_t;

typedef struct wasmtime_func {
  uint64_t store_id;
  void *_Nullable private_;
} wasmtime_func_t;

typedef struct wasmtime_instance {
  uint64_t store_id;
  size_t private_;
} wasmtime_instance_t;

typedef struct wasmtime_memory {
  struct {
    uint64_t store_id;
    uint32_t private1;
  } anonymous;
  uint32_t private2;
} wasmtime_memory_t;

typedef struct wasmtime_extern {
  uint8_t kind;
  union {
    wasmtime_func_t func;
    wasmtime_memory_t memory;
    uint64_t words[3];
  } of;
} wasmtime_extern_t;

_Static_assert(sizeof(wasm_byte_vec_t) == 16, "vector");
_Static_assert(sizeof(wasmtime_val_raw_t) == 16, "raw value");
_Static_assert(sizeof(wasmtime_func_t) == 16, "func");
_Static_assert(sizeof(wasmtime_instance_t) == 16, "instance");
_Static_assert(sizeof(wasmtime_memory_t) == 24, "memory");
_Static_assert(offsetof(wasmtime_memory_t, private2) == 16, "memory");
_Static_assert(sizeof(wasmtime_extern_t) == 32, "extern");
_Static_assert(offsetof(wasmtime_extern_t, of) == 8, "extern");

typedef void (*wasmtime_finalizer)(void *_Nullable data);
// Arguments are replaced by results. A trap that is returned is the engine's from then on; NULL: success.
typedef wasm_trap_t *_Nullable (*wasmtime_func_unchecked_callback_t)(
  void *_Nullable env, wasmtime_caller_t *caller, wasmtime_val_raw_t *_Nullable args_and_results, size_t count);
// Returns how many of the bytes it took, or a negative errno.
typedef ptrdiff_t (*wasi_output_callback_t)(void *_Nullable data, const unsigned char *_Nullable bytes, size_t count);

// Every function: result, name, parameters, arguments. An error result is NULL for success.
#define WASMTIME_FUNCTIONS(X) \
  X(wasm_config_t *_Nonnull, wasm_config_new, (void), ()) \
  X(void, wasmtime_config_epoch_interruption_set, (wasm_config_t *config, bool on), (config, on)) \
  X(void, wasmtime_config_parallel_compilation_set, (wasm_config_t *config, bool on), (config, on)) \
  X(void, wasmtime_config_max_wasm_stack_set, (wasm_config_t *config, size_t bytes), (config, bytes)) \
  X(void, wasmtime_config_memory_reservation_set, (wasm_config_t *config, uint64_t bytes), (config, bytes)) \
  X(void, wasmtime_config_memory_guard_size_set, (wasm_config_t *config, uint64_t bytes), (config, bytes)) \
  X(void, wasmtime_config_memory_reservation_for_growth_set, (wasm_config_t *config, uint64_t bytes), (config, bytes)) \
  X(wasm_engine_t *_Nullable, wasm_engine_new_with_config, (wasm_config_t *config), (config)) \
  X(void, wasm_engine_delete, (wasm_engine_t *engine), (engine)) \
  X(void, wasmtime_engine_increment_epoch, (wasm_engine_t *engine), (engine)) \
  X(wasmtime_store_t *_Nonnull, wasmtime_store_new, \
    (wasm_engine_t *engine, void *_Nullable data, wasmtime_finalizer _Nullable finalizer), (engine, data, finalizer)) \
  X(wasmtime_context_t *_Nonnull, wasmtime_store_context, (wasmtime_store_t *store), (store)) \
  X(void, wasmtime_store_delete, (wasmtime_store_t *store), (store)) \
  X(void, wasmtime_store_limiter, \
    (wasmtime_store_t *store, int64_t memory_bytes, int64_t table_elements, int64_t instances, int64_t tables, \
     int64_t memories), \
    (store, memory_bytes, table_elements, instances, tables, memories)) \
  X(void, wasmtime_context_set_epoch_deadline, (wasmtime_context_t *context, uint64_t ticks), (context, ticks)) \
  X(wasmtime_error_t *_Nullable, wasmtime_context_set_wasi, (wasmtime_context_t *context, wasi_config_t *wasi), \
    (context, wasi)) \
  X(wasmtime_error_t *_Nullable, wasmtime_module_new, \
    (wasm_engine_t *engine, const uint8_t *_Nullable bytes, size_t count, \
     wasmtime_module_t *_Nullable *_Nonnull module), \
    (engine, bytes, count, module)) \
  X(wasmtime_error_t *_Nullable, wasmtime_module_validate, \
    (wasm_engine_t *engine, const uint8_t *_Nullable bytes, size_t count), (engine, bytes, count)) \
  X(wasmtime_error_t *_Nullable, wasmtime_module_serialize, (wasmtime_module_t *module, wasm_byte_vec_t *bytes), \
    (module, bytes)) \
  X(wasmtime_error_t *_Nullable, wasmtime_module_deserialize, \
    (wasm_engine_t *engine, const uint8_t *_Nullable bytes, size_t count, \
     wasmtime_module_t *_Nullable *_Nonnull module), \
    (engine, bytes, count, module)) \
  X(void, wasmtime_module_delete, (wasmtime_module_t *module), (module)) \
  X(wasmtime_linker_t *_Nonnull, wasmtime_linker_new, (wasm_engine_t *engine), (engine)) \
  X(wasmtime_error_t *_Nullable, wasmtime_linker_define_func_unchecked, \
    (wasmtime_linker_t *linker, const char *_Nullable module, size_t module_count, const char *_Nullable name, \
     size_t name_count, const wasm_functype_t *type, wasmtime_func_unchecked_callback_t callback, void *_Nullable env, \
     wasmtime_finalizer _Nullable finalizer), \
    (linker, module, module_count, name, name_count, type, callback, env, finalizer)) \
  X(void, wasmtime_linker_allow_shadowing, (wasmtime_linker_t *linker, bool on), (linker, on)) \
  X(wasmtime_error_t *_Nullable, wasmtime_linker_define_wasi, (wasmtime_linker_t *linker), (linker)) \
  X(wasmtime_error_t *_Nullable, wasmtime_linker_instantiate, \
    (wasmtime_linker_t *linker, wasmtime_context_t *context, wasmtime_module_t *module, wasmtime_instance_t *instance, \
     wasm_trap_t *_Nullable *_Nonnull trap), \
    (linker, context, module, instance, trap)) \
  X(void, wasmtime_linker_delete, (wasmtime_linker_t *linker), (linker)) \
  X(bool, wasmtime_instance_export_get, \
    (wasmtime_context_t *context, const wasmtime_instance_t *instance, const char *_Nullable name, size_t name_count, \
     wasmtime_extern_t *item), \
    (context, instance, name, name_count, item)) \
  X(wasmtime_error_t *_Nullable, wasmtime_func_call_unchecked, \
    (wasmtime_context_t *context, const wasmtime_func_t *func, wasmtime_val_raw_t *_Nullable args_and_results, \
     size_t count, wasm_trap_t *_Nullable *_Nonnull trap), \
    (context, func, args_and_results, count, trap)) \
  X(wasm_functype_t *_Nonnull, wasmtime_func_type, (const wasmtime_context_t *context, const wasmtime_func_t *func), \
    (context, func)) \
  X(bool, wasmtime_caller_export_get, \
    (wasmtime_caller_t *caller, const char *_Nullable name, size_t name_count, wasmtime_extern_t *item), \
    (caller, name, name_count, item)) \
  X(wasmtime_context_t *_Nonnull, wasmtime_caller_context, (wasmtime_caller_t *caller), (caller)) \
  X(void, wasmtime_extern_delete, (wasmtime_extern_t *item), (item)) \
  X(uint8_t *_Nullable, wasmtime_memory_data, (const wasmtime_context_t *context, const wasmtime_memory_t *memory), \
    (context, memory)) \
  X(size_t, wasmtime_memory_data_size, (const wasmtime_context_t *context, const wasmtime_memory_t *memory), \
    (context, memory)) \
  X(wasm_trap_t *_Nonnull, wasmtime_trap_new, (const char *_Nullable message, size_t count), (message, count)) \
  X(bool, wasmtime_trap_code, (const wasm_trap_t *trap, uint8_t *code), (trap, code)) \
  X(void, wasm_trap_message, (const wasm_trap_t *trap, wasm_byte_vec_t *message), (trap, message)) \
  X(void, wasm_trap_trace, (const wasm_trap_t *trap, wasm_frame_vec_t *frames), (trap, frames)) \
  X(void, wasm_trap_delete, (wasm_trap_t *trap), (trap)) \
  X(uint32_t, wasm_frame_func_index, (const wasm_frame_t *frame), (frame)) \
  X(size_t, wasm_frame_func_offset, (const wasm_frame_t *frame), (frame)) \
  X(size_t, wasm_frame_module_offset, (const wasm_frame_t *frame), (frame)) \
  X(const wasm_byte_vec_t *_Nullable, wasmtime_frame_func_name, (const wasm_frame_t *frame), (frame)) \
  X(void, wasm_frame_vec_delete, (wasm_frame_vec_t *frames), (frames)) \
  X(void, wasmtime_error_message, (const wasmtime_error_t *error, wasm_byte_vec_t *message), (error, message)) \
  X(bool, wasmtime_error_exit_status, (const wasmtime_error_t *error, int *status), (error, status)) \
  X(void, wasmtime_error_wasm_trace, (const wasmtime_error_t *error, wasm_frame_vec_t *frames), (error, frames)) \
  X(void, wasmtime_error_delete, (wasmtime_error_t *error), (error)) \
  X(void, wasm_byte_vec_delete, (wasm_byte_vec_t *bytes), (bytes)) \
  X(wasm_functype_t *_Nonnull, wasm_functype_new, (wasm_valtype_vec_t *parameters, wasm_valtype_vec_t *results), \
    (parameters, results)) \
  X(void, wasm_functype_delete, (wasm_functype_t *type), (type)) \
  X(const wasm_valtype_vec_t *_Nonnull, wasm_functype_params, (const wasm_functype_t *type), (type)) \
  X(const wasm_valtype_vec_t *_Nonnull, wasm_functype_results, (const wasm_functype_t *type), (type)) \
  X(wasm_valtype_t *_Nonnull, wasm_valtype_new, (wasm_valkind_t kind), (kind)) \
  X(wasm_valkind_t, wasm_valtype_kind, (const wasm_valtype_t *type), (type)) \
  X(void, wasm_valtype_vec_new_uninitialized, (wasm_valtype_vec_t *types, size_t count), (types, count)) \
  X(wasi_config_t *_Nonnull, wasi_config_new, (void), ()) \
  X(void, wasi_config_delete, (wasi_config_t *wasi), (wasi)) \
  X(bool, wasi_config_set_argv, \
    (wasi_config_t *wasi, size_t count, const char *_Nullable const *_Nullable values), (wasi, count, values)) \
  X(bool, wasi_config_set_env, \
    (wasi_config_t *wasi, size_t count, const char *_Nullable const *_Nullable names, \
     const char *_Nullable const *_Nullable values), \
    (wasi, count, names, values)) \
  X(void, wasi_config_set_stdout_custom, \
    (wasi_config_t *wasi, wasi_output_callback_t callback, void *_Nullable data, \
     wasmtime_finalizer _Nullable finalizer), \
    (wasi, callback, data, finalizer)) \
  X(void, wasi_config_set_stderr_custom, \
    (wasi_config_t *wasi, wasi_output_callback_t callback, void *_Nullable data, \
     wasmtime_finalizer _Nullable finalizer), \
    (wasi, callback, data, finalizer))

// What the loader fills. Written once, before any other call (see wasmtime_load), and read only from then on.
struct wasmtime_functions {
#define WASMTIME_FIELD(result, name, parameters, arguments) result(*_Nullable name) parameters;
  WASMTIME_FUNCTIONS(WASMTIME_FIELD)
#undef WASMTIME_FIELD
};
extern struct wasmtime_functions wasmtime_functions;

// Opens the engine and resolves every function. 0 for success; otherwise -1 and a message of what is missing, as far
// as it fits. Not to be called twice at a time; after a success further calls do nothing.
int wasmtime_load(const char *path, char *message, size_t message_capacity);

#define WASMTIME_CALL(result, name, parameters, arguments) \
  static inline result name parameters { return wasmtime_functions.name arguments; }
WASMTIME_FUNCTIONS(WASMTIME_CALL)
#undef WASMTIME_CALL

#pragma clang assume_nonnull end
