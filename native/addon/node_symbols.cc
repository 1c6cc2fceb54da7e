#include "addon/node_symbols.h"

#include <dlfcn.h>
#include <link.h>

namespace prefork::addon {

namespace {

// The Itanium ABI puts the offset to the top and the type information before the first entry, where an object's pointer
// points.
constexpr size_t kVtableHeader = 2;

// RTLD_DEFAULT: the program itself, or libnode.so where a distribution has split it.
void* find(const char* name) { return ::dlsym(RTLD_DEFAULT, name); }

class Lookup {
 public:
  explicit Lookup(NodeSymbols& symbols) : symbols_(symbols) {}

  template <typename T>
  void needed(T& into, const char* name) {
    optional(into, name);
    if (into == nullptr) symbols_.missing.emplace_back(name);
  }

  template <typename T>
  void optional(T& into, const char* name) {
    into = reinterpret_cast<T>(find(name));
  }

 private:
  NodeSymbols& symbols_;
};

// The table's size is in the symbol table, so a search in it never reads beyond its end.
void find_platform_table(NodeSymbols& symbols) {
  constexpr const char* name = "_ZTVN4node12NodePlatformE";
  auto* table = static_cast<void**>(find(name));
  Dl_info info{};
  ElfW(Sym)* symbol = nullptr;
  void* extra = nullptr;
  if (table != nullptr && ::dladdr1(table, &info, &extra, RTLD_DL_SYMENT) != 0) symbol = static_cast<ElfW(Sym)*>(extra);
  if (symbol == nullptr || info.dli_saddr != table || symbol->st_size <= kVtableHeader * sizeof(void*)) {
    symbols.missing.emplace_back(name);
    return;
  }
  symbols.platform_entries = table + kVtableHeader;
  symbols.platform_entry_count = symbol->st_size / sizeof(void*) - kVtableHeader;
}

void find_posts(NodeSymbols& symbols, Lookup& lookup) {
  lookup.optional(symbols.post_task,
                  "_ZN4node12NodePlatform18CallOnWorkerThreadESt10unique_ptrIN2v84TaskESt14default_deleteIS3_EE");
  if (symbols.post_task != nullptr) {
    lookup.needed(symbols.post_delayed_task,
                  "_ZN4node12NodePlatform25CallDelayedOnWorkerThreadESt10unique_ptrIN2v84TaskESt14default_deleteIS3_EEd");
    return;
  }
  lookup.needed(symbols.post_priority_task,
                "_ZN4node12NodePlatform26PostTaskOnWorkerThreadImplEN2v812TaskPriorityESt10unique_ptrINS1_4TaskE"
                "St14default_deleteIS4_EERKNS1_14SourceLocationE");
  lookup.needed(symbols.post_delayed_priority_task,
                "_ZN4node12NodePlatform33PostDelayedTaskOnWorkerThreadImplEN2v812TaskPriorityESt10unique_ptrINS1_4TaskE"
                "St14default_deleteIS4_EEdRKNS1_14SourceLocationE");
}

NodeSymbols find_all() {
  NodeSymbols symbols{};
  Lookup lookup(symbols);
  lookup.needed(symbols.current_isolate, "_ZN2v87Isolate10GetCurrentEv");
  lookup.needed(symbols.current_context, "_ZN2v87Isolate17GetCurrentContextEv");
  lookup.needed(symbols.environment, "_ZN4node21GetCurrentEnvironmentEN2v85LocalINS0_7ContextEEE");
  lookup.needed(symbols.platform, "_ZN4node23GetMultiIsolatePlatformEPNS_11EnvironmentE");
  lookup.needed(symbols.set_process_exit_handler,
                "_ZN4node21SetProcessExitHandlerEPNS_11EnvironmentEOSt8functionIFvS1_iEE");
  lookup.needed(symbols.default_process_exit_handler,
                "_ZN4node25DefaultProcessExitHandlerEPNS_11EnvironmentEi");
  lookup.needed(symbols.run_at_exit, "_ZN4node9RunAtExitEPNS_11EnvironmentE");
  lookup.needed(symbols.number_of_worker_threads, "_ZN4node12NodePlatform21NumberOfWorkerThreadsEv");
  lookup.needed(symbols.flush_foreground_tasks, "_ZN4node12NodePlatform20FlushForegroundTasksEPN2v87IsolateE");
  lookup.needed(symbols.drain_tasks, "_ZN4node12NodePlatform10DrainTasksEPN2v87IsolateE");
  lookup.optional(symbols.signal_exit, "_ZN4node10SignalExitEiP9siginfo_tPv");
  find_platform_table(symbols);
  find_posts(symbols, lookup);
  // Since worker tasks are queued by priority, DrainTasks waits for the highest only (nodejs/node#54918).
  symbols.drains_user_blocking_only =
      find("_ZN4node23WorkerThreadsTaskRunner8PostTaskEN2v812TaskPriorityESt10unique_ptrINS1_4TaskE"
           "St14default_deleteIS4_EERKNS1_14SourceLocationE") != nullptr;
  return symbols;
}

}  // namespace

const NodeSymbols& node_symbols() {
  static const NodeSymbols symbols = find_all();
  return symbols;
}

}  // namespace prefork::addon
