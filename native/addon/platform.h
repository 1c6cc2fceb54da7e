// Node's platform object: where V8 hands over its background tasks.
#pragma once

#include <cstdint>

#include "addon/node_symbols.h"

namespace prefork::addon {

enum class TakeOver {
  done,
  // The platform is not the object whose table was found: an embedder's own, say.
  unknown_platform,
  // An entry that has to be replaced is not in its table exactly once.
  unknown_table,
};

// From now on V8's background tasks go to task_pool(). Once is enough: a forked child inherits it.
TakeOver take_over_tasks();

// Puts Node's own table back. Call it with nothing outstanding.
void give_back_tasks();

bool tasks_taken_over();

// How many threads Node started for background tasks when it started.
unsigned node_worker_threads();

// Gives a task to Node's own threads, as if nothing had been taken over.
void post_to_node(Task* task);

}  // namespace prefork::addon
