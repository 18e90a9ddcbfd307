// The engine with no safety at all: compiles a module, gives it `log` and `health_confirm`, calls
// `xtb_init`. What the log call prints goes to stdout at once.
// usage: bare_engine LIBWASMTIME MODULE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { size_t size; void *data; } vector;
typedef struct { uint8_t kind; union { int32_t i32; int64_t i64; uint8_t bytes[24]; } of; } value;
typedef struct { uint64_t store; void *index; } function;
typedef struct { uint8_t kind; union { function function; uint8_t bytes[24]; } of; } export_item;
typedef struct { uint8_t bytes[16]; } instance;

static void *library;
static char memory_name[] = "memory";

static void *symbol(const char *name) {
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "bare_engine: no symbol %s\n", name);
        exit(1);
    }
    return found;
}

static void must(void *error, const char *what) {
    if (error) {
        fprintf(stderr, "bare_engine: %s failed\n", what);
        exit(1);
    }
}

static int (*export_get)(void *, const char *, size_t, export_item *);
static void *(*caller_context)(void *);
static uint8_t *(*memory_data)(void *, void *);

static void *log_line(void *environment, void *caller, const value *arguments, size_t count, value *results,
                      size_t result_count) {
    (void)environment, (void)count, (void)result_count;
    export_item memory;
    if (export_get(caller, memory_name, 6, &memory)) {
        uint8_t *bytes = memory_data(caller_context(caller), &memory.of);
        fwrite(bytes + arguments[1].of.i32, 1, (size_t)arguments[2].of.i32, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
    results[0].kind = 0;
    results[0].of.i32 = 0;
    return NULL;
}

static void *confirm(void *environment, void *caller, const value *arguments, size_t count, value *results,
                     size_t result_count) {
    (void)environment, (void)caller, (void)arguments, (void)count, (void)result_count;
    results[0].kind = 0;
    results[0].of.i32 = 0;
    return NULL;
}

static void *function_type(size_t parameters) {
    void *(*new_value_type)(uint8_t) = symbol("wasm_valtype_new");
    void (*new_vector)(vector *, size_t, void *const *) = symbol("wasm_valtype_vec_new");
    void *(*new_type)(vector *, vector *) = symbol("wasm_functype_new");
    void *types[4];
    vector arguments, results;
    for (size_t index = 0; index < parameters; index++) types[index] = new_value_type(0);
    new_vector(&arguments, parameters, types);
    types[0] = new_value_type(0);
    new_vector(&results, 1, types);
    return new_type(&arguments, &results);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: bare_engine LIBWASMTIME MODULE\n");
        return 64;
    }
    library = dlopen(arguments[1], RTLD_NOW);
    if (!library) {
        fprintf(stderr, "bare_engine: %s\n", dlerror());
        return 1;
    }
    export_get = symbol("wasmtime_caller_export_get");
    caller_context = symbol("wasmtime_caller_context");
    memory_data = symbol("wasmtime_memory_data");
    FILE *file = fopen(arguments[2], "rb");
    if (!file) {
        perror(arguments[2]);
        return 1;
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size);
    if (fread(bytes, 1, size, file) != size) return 1;

    void *engine = ((void *(*)(void))symbol("wasm_engine_new"))();
    void *store = ((void *(*)(void *, void *, void *))symbol("wasmtime_store_new"))(engine, NULL, NULL);
    void *context = ((void *(*)(void *))symbol("wasmtime_store_context"))(store);
    void *module = NULL, *trap = NULL;
    must(((void *(*)(void *, const uint8_t *, size_t, void **))symbol("wasmtime_module_new"))(engine, bytes, size, &module),
         "compiling");
    void *linker = ((void *(*)(void *))symbol("wasmtime_linker_new"))(engine);
    void *(*define)(void *, const char *, size_t, const char *, size_t, void *, void *, void *, void *) =
        symbol("wasmtime_linker_define_func");
    must(define(linker, "xtb1", 4, "log", 3, function_type(3), (void *)log_line, NULL, NULL), "defining log");
    must(define(linker, "xtb1", 4, "health_confirm", 14, function_type(0), (void *)confirm, NULL, NULL),
         "defining health_confirm");
    instance made;
    must(((void *(*)(void *, void *, void *, instance *, void **))symbol("wasmtime_linker_instantiate"))(
             linker, context, module, &made, &trap),
         "instantiating");
    export_item init;
    int found = ((int (*)(void *, instance *, const char *, size_t, export_item *))symbol("wasmtime_instance_export_get"))(
        context, &made, "xtb_init", 8, &init);
    if (!found) return 1;
    value result;
    must(((void *(*)(void *, function *, const value *, size_t, value *, size_t, void **))symbol("wasmtime_func_call"))(
             context, &init.of.function, NULL, 0, &result, 1, &trap),
         "calling xtb_init");
    return trap ? 1 : 0;
}
