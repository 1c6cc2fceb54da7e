// The modes of descriptors 0 to 2, which belong to the open files behind them and so outlive the process that changed
// them.
#pragma once

namespace prefork::addon {

// Remembers how they are now; and lets SIGINT and SIGTERM, where Node's own handlers are in place, restore that first.
void note_stdio();

// Puts back what note_stdio() found. Async-signal-safe.
void restore_stdio();

}  // namespace prefork::addon
