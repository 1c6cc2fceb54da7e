// The signal handlers of a process that does not return to its event loop for now.
#pragma once

namespace prefork::addon {

// Every signal that is handled gets its default meaning: a handler of libuv's would only note it, for a loop that does not run. What is a
// fault of the program itself is left alone, since V8 makes use of it. Once, until they are put back.
void set_aside_signal_handlers();

// Handles again what was handled when set_aside_signal_handlers was called, in the same process or in one forked from it.
void put_back_signal_handlers();

}  // namespace prefork::addon
