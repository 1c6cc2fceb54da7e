// What the files of the host share.
#pragma once

#include <string>
#include <vector>

#include "../core.h"

namespace prefork::test {

using Words = std::vector<std::string>;

void print_error(core::Code code, const char *subject = "");

inline const uint8_t *bytes_of(const std::string &string) { return reinterpret_cast<const uint8_t *>(string.data()); }

// The operations of host_messages.cc.
void decode_call(const Words &words);
void encode_call(const Words &words);
void decode_messages(const Words &words);
void push_twice(const Words &words);
void encode_message(const Words &words);
void header(const Words &words);

}  // namespace prefork::test
