// What --help and --version print.
#pragma once

namespace prefork::client {

// Both write to standard output and end the process: with 0, or 127 where it cannot be written.
[[noreturn]] void print_usage();
[[noreturn]] void print_version();

}  // namespace prefork::client
