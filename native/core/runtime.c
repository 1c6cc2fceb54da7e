/* The runtime of the translated core: its memory, and what happens when it traps. */
#include <unistd.h>

#include "sparse.h"
#include "wasm-rt.h"

/* In .bss, so that nothing has to be asked of the kernel, and `ulimit -v` has nothing to refuse. */
uint8_t core_memory[CORE_MEMORY_BYTES] SPARSE __attribute__((aligned(4096)));

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint64_t pages, uint64_t largest_pages, bool is64,
                             uint32_t page_bytes) {
  (void)largest_pages;
  (void)is64;
  /* generated/core_memory.h and generated/core.c are made from one module; this is where it shows if they were not. */
  if (pages * page_bytes != CORE_MEMORY_BYTES) wasm_rt_trap(WASM_RT_TRAP_OOB);
  memory->data = core_memory;
  memory->size = CORE_MEMORY_BYTES;
}

void wasm_rt_trap(wasm_rt_trap_t trap) {
  static const char *const names[] = {
      "nothing",           "access outside its memory", "integer overflow",         "division by zero",
      "invalid conversion", "assertion failed",         "call of a wrong function", "calls too deep",
  };
  const char *const parts[] = {"prefork-interp: defect in the core: ", names[trap], "; please report it\n"};
  for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
    /* There is nobody to tell when not even this can be written. */
    if (write(STDERR_FILENO, parts[part], strlen(parts[part])) < 0) break;
  }
  _exit(127);
}
