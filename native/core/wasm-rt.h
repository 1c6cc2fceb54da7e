/*
 * What the C that wasm2c (wabt 1.0.39) writes for the core needs of its runtime, and no more: one memory that never grows, no
 * tables, no threads, no guard pages, no signal handlers. The names are wasm2c's.
 *
 * Every access of the translated code to its memory is checked against the memory's size (WASM_RT_MEMCHECK_GUARD_PAGES is
 * 0); one outside ends the process in wasm_rt_trap().
 */
#ifndef PREFORK_CORE_WASM_RT_H
#define PREFORK_CORE_WASM_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "generated/core_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the core's runtime is for little-endian machines: Node.js runs on no other kind that is tested"
#endif

#define WABT_BIG_ENDIAN 0
#define WASM_RT_USE_SEGUE 0
#define WASM_RT_SANITY_CHECKS 0
#define WASM_RT_MEMCHECK_GUARD_PAGES 0

/* Calls are not counted: no function of the core calls itself, directly or through others. */
#define WASM_RT_STACK_DEPTH_COUNT 0

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define wasm_rt_memcpy(to, from, size) __builtin_memcpy(to, from, size)

typedef enum {
  WASM_RT_TRAP_NONE,
  WASM_RT_TRAP_OOB,
  WASM_RT_TRAP_INT_OVERFLOW,
  WASM_RT_TRAP_DIV_BY_ZERO,
  WASM_RT_TRAP_INVALID_CONVERSION,
  WASM_RT_TRAP_UNREACHABLE,
  WASM_RT_TRAP_CALL_INDIRECT,
  WASM_RT_TRAP_EXHAUSTION,
} wasm_rt_trap_t;

typedef enum { WASM_RT_I32, WASM_RT_I64, WASM_RT_F32, WASM_RT_F64 } wasm_rt_type_t;

/* Says what happened on standard error and ends the process with status 127. */
__attribute__((noreturn, cold)) void wasm_rt_trap(wasm_rt_trap_t trap);

typedef struct {
  uint8_t *data;
  uint64_t size;
} wasm_rt_memory_t;

/* The one memory there is lies in .bss: zero, and not committed before it is written. scripts/translate-core.mjs makes the translated code use
 * it by this name. */
extern uint8_t core_memory[CORE_MEMORY_BYTES];
void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint64_t pages, uint64_t largest_pages, bool is64, uint32_t page_bytes);
static inline void wasm_rt_free_memory(wasm_rt_memory_t *memory) { memory->data = NULL; }
static inline bool wasm_rt_is_initialized(void) { return true; }

/* Tables and references: named in every file that wasm2c writes, used by none of the core's functions. */
typedef const char *wasm_rt_func_type_t;
typedef void (*wasm_rt_function_ptr_t)(void);
typedef struct {
  void (*fn)(void);
} wasm_rt_tailcallee_t;
typedef struct {
  wasm_rt_func_type_t func_type;
  wasm_rt_function_ptr_t func;
  wasm_rt_tailcallee_t func_tailcallee;
  void *module_instance;
} wasm_rt_funcref_t;
typedef void *wasm_rt_externref_t;
typedef struct {
  wasm_rt_funcref_t *data;
  uint32_t size;
} wasm_rt_funcref_table_t;
typedef struct {
  wasm_rt_externref_t *data;
  uint32_t size;
} wasm_rt_externref_table_t;
static const wasm_rt_externref_t wasm_rt_externref_null_value = NULL;
static const wasm_rt_funcref_t wasm_rt_funcref_null_value = {NULL, NULL, {NULL}, NULL};

#ifdef __cplusplus
}
#endif

#endif
