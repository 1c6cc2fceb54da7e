// The notation in which test programs and test/support speak: words separated by spaces, in which a byte that is not printable,
// a space or a backslash is \xNN and an empty string is \e.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace prefork::test {

inline std::string escape(const std::string &bytes) {
  if (bytes.empty()) return "\\e";
  std::string text;
  for (const char byte : bytes) {
    if (byte > 0x20 && byte < 0x7f && byte != '\\') {
      text += byte;
      continue;
    }
    char escaped[5];
    snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(byte));
    text += escaped;
  }
  return text;
}

inline std::string unescape(const std::string &text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); at++) {
    if (text[at] != '\\') {
      bytes += text[at];
    } else if (text[at + 1] == 'x') {
      bytes += static_cast<char>(strtol(text.substr(at + 2, 2).c_str(), nullptr, 16));
      at += 3;
    } else {
      at++;  // \e: nothing
    }
  }
  return bytes;
}

inline std::vector<std::string> words_of(const std::string &line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace prefork::test
