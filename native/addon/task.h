// V8's background tasks, as far as all versions have them in common.
#pragma once

#include <cstddef>

namespace prefork::addon {

// v8::Task (v8-platform.h): a virtual destructor, then Run. The order is the ABI.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() = 0;
};

// v8::TaskPriority, which posts carry since V8 12.
enum class TaskPriority : unsigned char { best_effort = 0, user_visible = 1, user_blocking = 2 };
constexpr size_t kTaskPriorities = 3;

}  // namespace prefork::addon
