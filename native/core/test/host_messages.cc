// The host's operations for version 2: calls and messages.
#include <cstring>
#include <iostream>
#include <map>

#include "../instance.h"
#include "host.h"
#include "text.h"

namespace prefork::test {
namespace {

using namespace prefork::core;

const std::map<std::string, Kind> KINDS = {
    {"call", Kind::call},       {"control", Kind::control},     {"signal", Kind::signal}, {"started", Kind::started},
    {"stopped", Kind::stopped}, {"continued", Kind::continued}, {"ended", Kind::ended},   {"reply", Kind::reply},
    {"refused", Kind::refused}, {"moments", Kind::moments},
};

const char *name_of(Kind kind) {
  for (const auto &[name, its] : KINDS) {
    if (its == kind) return name.c_str();
  }
  return "?";
}

// Strings that each end in NUL, those of an empty run none.
void print_strings(const char *title, int tag) {
  const char *at = text_at(w2c_core_call_decoder_field(instance(), static_cast<uint32_t>(tag)));
  const char *const end = at + w2c_core_call_decoder_field_length(instance(), static_cast<uint32_t>(tag));
  for (; at < end; at += strlen(at) + 1) std::cout << title << ' ' << escape(at) << '\n';
}

bool has(int tag) { return w2c_core_call_decoder_field(instance(), static_cast<uint32_t>(tag)) != 0; }

uint32_t number(int tag) { return w2c_core_call_decoder_number(instance(), static_cast<uint32_t>(tag)); }

std::string field(int tag) {
  const uint32_t address = w2c_core_call_decoder_field(instance(), static_cast<uint32_t>(tag));
  return {text_at(address), w2c_core_call_decoder_field_length(instance(), static_cast<uint32_t>(tag))};
}

void print_call() {
  std::cout << "stdio " << number(FIELD_STDIO) << '\n';
  if (has(FIELD_CWD)) std::cout << "cwd\n";
  if (has(FIELD_UMASK)) std::cout << "umask " << std::oct << number(FIELD_UMASK) << std::dec << '\n';
  if (has(FIELD_NICE)) std::cout << "nice " << static_cast<int32_t>(number(FIELD_NICE)) << '\n';
  const uint32_t limits = w2c_core_call_decoder_limit_count(instance());
  for (uint32_t at = 0; at < limits; at++) {
    const uint64_t soft = w2c_core_call_decoder_limit_soft(instance(), at);
    std::cout << "limit " << w2c_core_call_decoder_limit_resource(instance(), at) << ' ';
    std::cout << (soft == UINT64_MAX ? "none" : std::to_string(soft)) << '\n';
  }
  if (has(FIELD_AFFINITY)) std::cout << "affinity " << escape(field(FIELD_AFFINITY)) << '\n';
  if (has(FIELD_SCRIPT)) std::cout << "script " << escape(field(FIELD_SCRIPT)) << '\n';
  print_strings("argument", FIELD_ARGUMENTS);
  print_strings("environment", FIELD_ENVIRONMENT);
}

// A read of the host: as many bytes as the core has room for; descriptors come with the first.
Code receive(const std::string &bytes, int descriptors) {
  Code code = NEED_DATA;
  for (size_t from = 0; from < bytes.size() && (code == NEED_DATA || code == E_NONE);) {
    const size_t room = w2c_core_call_decoder_room(instance());
    const size_t piece = std::min(room, bytes.size() - from);
    memcpy(bytes_at(w2c_core_call_decoder_space(instance())), bytes.data() + from, piece);
    const int with = from == 0 ? descriptors : 0;
    from += piece;
    const uint32_t length = static_cast<uint32_t>(piece);
    code = static_cast<Code>(w2c_core_call_decoder_received(instance(), length, static_cast<uint32_t>(with)));
  }
  return code;
}

// One word or pair of words of an encode-call; the place of the next.
size_t add_to_call(const Words &words, size_t at, Code *code) {
  const std::string &what = words[at];
  if (what == "cwd") {
    *code = call_cwd();
    return at + 1;
  }
  if (what == "traced") {
    *code = call_traced();
    return at + 1;
  }
  const std::string &word = words.at(at + 1);
  const std::string string = unescape(word);
  if (what == "stdio") *code = call_stdio(static_cast<uint8_t>(std::stoul(word)));
  if (what == "umask") *code = call_umask(static_cast<uint32_t>(std::stoul(word, nullptr, 8)));
  if (what == "nice") *code = call_nice(std::stoi(word));
  if (what == "affinity") *code = call_affinity(bytes_of(string), string.size());
  if (what == "script") *code = call_script(string.c_str());
  if (what == "a") *code = call_argument(string.c_str());
  if (what == "e") *code = call_environment(string.c_str());
  if (what != "limit") return at + 2;
  const std::string &soft = words.at(at + 2);
  *code = call_limit(static_cast<uint32_t>(std::stoul(word)), soft == "none" ? UINT64_MAX : std::stoull(soft));
  return at + 3;
}

std::string text_of(int field) {
  const auto tag = static_cast<uint32_t>(field);
  return escape({text_at(w2c_core_message_field(instance(), tag)), w2c_core_message_field_length(instance(), tag)});
}

// What a message says, as a line. A reply's fields but the first are for no client, so the core is asked for them itself.
std::string line_of(const Message &message) {
  std::string line = name_of(message.kind);
  if (message.kind == Kind::refused) return line + ' ' + escape(message.reason);
  if (message.kind == Kind::continued) return line;
  if (message.kind == Kind::moments) {
    uint32_t moment = 0;
    uint64_t time = 0;
    for (size_t place = 0; message_moment(place, &moment, &time); place++) {
      line += ' ' + std::to_string(moment) + ':' + std::to_string(time);
    }
    return line;
  }
  if (message.kind == Kind::control) return line + (message.value == OPERATION_STATUS ? " status" : " stop");
  line += ' ' + std::to_string(message.value);
  if (message.kind != Kind::reply) return line;
  for (const int tag : {FIELD_RUNNING, FIELD_WAITING, FIELD_SPARES}) {
    line += ' ' + std::to_string(w2c_core_message_number(instance(), static_cast<uint32_t>(tag)));
  }
  for (const int tag : {FIELD_CALLS, FIELD_UPTIME, FIELD_IDLE}) {
    line += ' ' + std::to_string(w2c_core_message_large(instance(), static_cast<uint32_t>(tag)));
  }
  const bool has_reason = w2c_core_message_field(instance(), FIELD_REASON) != 0;
  if (w2c_core_message_field(instance(), FIELD_SCRIPT) != 0) line += ' ' + text_of(FIELD_SCRIPT);
  else if (has_reason) line += " none";
  return has_reason ? line + ' ' + text_of(FIELD_REASON) : line;
}

void print_message(const void *bytes, size_t length) {
  if (length == 0) return print_error(E_ARGUMENT);
  std::cout << "message " << escape({static_cast<const char *>(bytes), length}) << '\n';
}

// MOMENT:NANOSECONDS .., as they are on the wire.
std::string wire_moments(const Words &words) {
  std::string bytes;
  const auto put = [&](uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  };
  for (size_t at = 1; at < words.size(); at++) {
    put(std::stoull(words[at]), 4);
    put(std::stoull(words[at].substr(words[at].find(':') + 1)), 8);
  }
  return bytes;
}

uint32_t encode_reply(const Words &words) {
  const auto number = [&](size_t at) { return std::stoull(words.at(at)); };
  const auto small = [&](size_t at) { return static_cast<uint32_t>(number(at)); };
  const bool has_script = words.size() > 8 && words[8] != "none";
  const std::string script = has_script ? unescape(words[8]) : "";
  const std::string reason = words.size() > 9 ? unescape(words[9]) : "";
  const std::string both = script + reason;
  put_input(both.data(), both.size());
  return w2c_core_message_encode_reply(instance(), small(1), small(2), small(3), small(4), number(5), number(6), number(7),
                                       has_script ? static_cast<uint32_t>(script.size()) : UINT32_MAX,
                                       static_cast<uint32_t>(reason.size()));
}

}  // namespace

// call BYTES:DESCRIPTORS ..
void decode_call(const Words &words) {
  w2c_core_call_decoder_begin(instance());
  Code code = NEED_DATA;
  for (size_t at = 0; at < words.size() && (code == NEED_DATA || code == E_NONE); at++) {
    const size_t colon = words[at].rfind(':');
    code = receive(unescape(words[at].substr(0, colon)), std::stoi(words[at].substr(colon + 1)));
  }
  if (code == E_NONE) return print_call();
  if (code != NEED_DATA) return print_error(code, messages_subject());
  std::cout << "need\n";
}

// encode-call stdio N [traced] [cwd] [umask OCTAL] [nice N] (limit RESOURCE SOFT)* [affinity BYTES] [script PATH] (a STRING)* (e STRING)*
void encode_call(const Words &words) {
  Code code = call_begin();
  for (size_t at = 0; at < words.size() && code == E_NONE;) at = add_to_call(words, at, &code);
  const uint8_t *bytes = nullptr;
  size_t length = 0;
  if (code == E_NONE) code = call_end(&bytes, &length);
  if (code != E_NONE) return print_error(code, messages_subject());
  print_message(bytes, length);
}

// messages PIECE ..
void decode_messages(const Words &words) {
  messages_begin();
  std::vector<std::string> lines;
  for (const std::string &word : words) {
    const std::string piece = unescape(word);
    for (size_t taken = 0; taken < piece.size();) {
      Message message;
      const Push push = messages_push(bytes_of(piece) + taken, piece.size() - taken, &message);
      taken += push.taken;
      if (push.code == E_NONE) lines.push_back(line_of(message));
      if (push.code != E_NONE && push.code != NEED_DATA) return print_error(push.code, messages_subject());
    }
  }
  for (const std::string &line : lines) std::cout << line << '\n';
  if (lines.empty()) std::cout << "nothing\n";
}

// push BYTES: what each of two pushes of what is left makes of them.
void push_twice(const Words &words) {
  const std::string bytes = unescape(words.at(0));
  messages_begin();
  size_t taken = 0;
  for (int time = 0; time < 2; time++) {
    Message message;
    const Push push = messages_push(bytes_of(bytes) + taken, bytes.size() - taken, &message);
    taken += push.taken;
    const char *const good = push.code == E_NONE ? "ERR_NONE" : "NEED_DATA";
    std::cout << "taken " << push.taken << " code " << (push.code > 0 ? error_name(push.code) : good) << '\n';
  }
}

// encode-message KIND [VALUE]; encode-message refused REASON; encode-message moments MOMENT:TIME ..; encode-message reply PID RUNNING WAITING SPARES CALLS UPTIME IDLE [SCRIPT|none [REASON]]
void encode_message(const Words &words) {
  const Kind kind = KINDS.at(words.at(0));
  if (kind == Kind::refused) {
    const std::string reason = unescape(words.at(1));
    const uint32_t length = w2c_core_message_encode_refused(instance(), put_input(reason.data(), reason.size()));
    return print_message(bytes_at(w2c_core_message_bytes(instance())), length);
  }
  if (kind == Kind::moments) {
    const std::string moments = wire_moments(words);
    const uint32_t length = w2c_core_message_encode_moments(instance(), put_input(moments.data(), moments.size()));
    return print_message(bytes_at(w2c_core_message_bytes(instance())), length);
  }
  if (kind == Kind::reply) {
    const uint32_t length = encode_reply(words);
    return print_message(bytes_at(w2c_core_message_bytes(instance())), length);
  }
  uint32_t value = 0;
  if (kind == Kind::control) value = words.at(1) == "status" ? OPERATION_STATUS : OPERATION_STOP;
  else if (kind != Kind::continued) value = static_cast<uint32_t>(std::stoull(words.at(1)));
  uint8_t out[MESSAGE_SMALL_BYTES];
  print_message(out, message_encode(kind, value, out));
}

// header BYTES
void header(const Words &words) {
  const std::string bytes = unescape(words.at(0));
  put_input(bytes.data(), bytes.size());
  const int32_t length = static_cast<int32_t>(w2c_core_message_header(instance()));
  if (length < 0) return print_error(-length);
  const bool is_traced = bytes[0] == KIND_CALL && (bytes[3] & MESSAGE_TRACED) != 0;
  std::cout << "header " << name_of(static_cast<Kind>(bytes[0])) << ' ' << length << (is_traced ? " traced" : "") << '\n';
}

}  // namespace prefork::test
