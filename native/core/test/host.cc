// Runs cases through the native face of the core, for test/support/native-host.ts: a case a line on standard input, an operation
// and its words; the result's lines on standard output, with a line that is a dot behind them.
//
// What the face does not have, as no client needs it (a server's side, plain hashes), is asked of the translated core itself.
#include <sys/utsname.h>

#include <cstring>
#include <iostream>
#include <map>

#include "../core.h"
#include "../instance.h"
#include "host.h"
#include "text.h"

using namespace prefork::core;
using prefork::test::bytes_of;
using prefork::test::escape;
using prefork::test::print_error;
using prefork::test::unescape;
using prefork::test::Words;

void prefork::test::print_error(Code code, const char *subject) {
  std::cout << "error " << error_name(code);
  if (*subject != '\0') std::cout << ' ' << escape(subject);
  std::cout << '\n';
}

namespace {

// options ARGV0 ARG ..
void options(const Words &words) {
  std::vector<std::string> strings;
  for (const std::string &word : words) strings.push_back(unescape(word));
  std::vector<const char *> argv;
  for (const std::string &string : strings) argv.push_back(string.c_str());
  argv.push_back(nullptr);
  Options options;
  const char *subject;
  if (const Code code = parse_options(static_cast<int>(strings.size()), argv.data(), &options, &subject); code != E_NONE) {
    return print_error(code, subject);
  }
  static const char *const modes[] = {"run", "fresh", "kill", "help", "explain", "examine"};
  std::cout << "mode " << modes[static_cast<int>(options.mode)] << '\n';
  if (options.mode == Mode::help) return;
  static const char *const mediations[] = {"none", "unlaundered", "laundered"};
  std::cout << "mediation " << mediations[static_cast<int>(options.mediation)] << '\n';
  if (options.strict) std::cout << "strict\n";
  if (options.direct_on_tty) std::cout << "direct-on-tty\n";
  if (options.ident != nullptr) std::cout << "ident " << escape(options.ident) << '\n';
  for (size_t at = 0; at < options.field_count; at++) {
    std::cout << options.fields[at].tag << ' ' << escape(options.fields[at].string) << '\n';
  }
  std::cout << "interpreter " << escape(options.interpreter) << '\n';
  for (const char *const *at = options.interpreter_arguments; *at != nullptr; at++) {
    std::cout << "argument " << escape(*at) << '\n';
  }
  if (options.script != nullptr) std::cout << "script " << options.script_index << ' ' << escape(options.script) << '\n';
  std::cout << "first " << options.first_argument << '\n';
}

// identity p PROLOGUE (cTAG BYTES)* (G STRING | E VARIABLE (v VALUE | absent))* i INTERPRETER (a ARGUMENT)* (s SCRIPT)?
void identity_of(const Words &words) {
  std::map<char, std::vector<std::string>> by_tag;
  std::vector<std::string> strings;
  strings.reserve(words.size());
  IdentityInput input{};
  std::vector<ContextField> context;
  std::vector<IdentityField> fields;
  std::vector<const char *> arguments;
  for (size_t at = 0; at < words.size(); at += 2) {
    if (words[at] == "absent") {
      at--;
      continue;
    }
    strings.push_back(unescape(words.at(at + 1)));
    const std::string &string = strings.back();
    switch (words[at][0]) {
      case 'p':
        input.prologue = bytes_of(string);
        input.prologue_length = string.size();
        break;
      case 'c':
        context.push_back({static_cast<uint8_t>(std::stoi(words[at].substr(1))), string.data(), string.size()});
        break;
      case 'G':
      case 'E':
      case 'o':
        fields.push_back({words[at][0], string.c_str(), nullptr});
        break;
      case 'v':
        fields.back().value = string.c_str();
        break;
      case 'i':
        input.interpreter = string.c_str();
        break;
      case 'a':
        arguments.push_back(string.c_str());
        break;
      case 's':
        input.script = string.c_str();
        break;
    }
  }
  input.context = context.data();
  input.context_count = context.size();
  input.fields = fields.data();
  input.field_count = fields.size();
  input.interpreter_arguments = arguments.data();
  input.interpreter_argument_count = arguments.size();
  char digits[IDENT_DIGITS + 1];
  if (const Code code = identity(input, digits); code != E_NONE) return print_error(code);
  std::cout << "ident " << digits << '\n';
}

// digits RUN-DIRECTORY-LENGTH
void digits_of(const Words &words) {
  size_t digits;
  if (const Code code = ident_digits(std::stoul(words.at(0)), &digits); code != E_NONE) return print_error(code);
  std::cout << "digits " << digits << '\n';
}

// ident IDENT RUN-DIRECTORY-LENGTH
void ident_of(const Words &words) {
  const std::string ident = unescape(words.at(0));
  const Code code = check_ident(ident.c_str(), std::stoul(words.at(1)));
  if (code != E_NONE) return print_error(code, ident.c_str());
  std::cout << "good\n";
}

// sha256 PIECE ..
void sha256(const Words &words) {
  w2c_core_sha256_begin(instance());
  for (const std::string &word : words) {
    const std::string piece = unescape(word);
    for (size_t at = 0; at < piece.size(); at += STRING_LIMIT) {
      const std::string part = piece.substr(at, STRING_LIMIT);
      w2c_core_sha256_update(instance(), put_input(part.data(), part.size()));
    }
  }
  const uint8_t *hash = bytes_at(w2c_core_sha256_end(instance()));
  std::cout << "hash ";
  for (int at = 0; at < HASH_BYTES; at++) printf("%02x", hash[at]);
  fflush(stdout);
  std::cout << '\n';
}

void print_need() { std::cout << "need\n"; }

// greeting PIECE ..
void greeting(const Words &words) {
  greeting_begin();
  size_t taken = 0;
  Push push{NEED_DATA, 0};
  for (size_t at = 0; at < words.size() && push.code == NEED_DATA; at++) {
    const std::string piece = unescape(words[at]);
    push = greeting_push(bytes_of(piece), piece.size());
    taken += push.taken;
  }
  if (push.code == NEED_DATA) return print_need();
  if (push.code != E_NONE) return print_error(push.code);
  std::cout << "taken " << taken << "\nextension " << w2c_core_greeting_extension(instance()) << '\n';
}

// status PIECE ..
void status(const Words &words) {
  status_begin();
  size_t taken = 0;
  uint32_t value = 0;
  Push push{NEED_DATA, 0};
  for (size_t at = 0; at < words.size() && push.code == NEED_DATA; at++) {
    const std::string piece = unescape(words[at]);
    push = status_push(bytes_of(piece), piece.size(), &value);
    taken += push.taken;
  }
  if (push.code == NEED_DATA) return print_need();
  std::cout << "taken " << taken << "\nstatus " << value << '\n';
}

// A read of the host: as many bytes as the core has room for; descriptors come with the last.
Code receive(const std::string &bytes, int descriptors) {
  Code code = NEED_DATA;
  for (size_t from = 0; from < bytes.size() && code == NEED_DATA;) {
    const size_t room = w2c_core_decoder_room(instance());
    const size_t piece = std::min(room, bytes.size() - from);
    if (piece > 0) memcpy(bytes_at(w2c_core_decoder_space(instance())), bytes.data() + from, piece);
    from += piece;
    const int with = from == bytes.size() ? descriptors : 0;
    code = static_cast<Code>(w2c_core_decoder_received(instance(), static_cast<uint32_t>(piece), static_cast<uint32_t>(with)));
    // Bytes behind the request are a read of their own to the core.
    if (code == E_NONE && from < bytes.size()) code = NEED_DATA;
  }
  return code;
}

void print_strings(const char *title, uint32_t address, uint32_t length) {
  for (const char *at = text_at(address); at < text_at(address) + length; at += strlen(at) + 1) {
    std::cout << title << ' ' << escape(at) << '\n';
  }
}

// decode BYTES:DESCRIPTORS ..
void decode(const Words &words) {
  w2c_core_decoder_begin(instance());
  Code code = NEED_DATA;
  for (size_t at = 0; at < words.size() && (code == NEED_DATA || code == E_NONE); at++) {
    const size_t colon = words[at].rfind(':');
    code = receive(unescape(words[at].substr(0, colon)), std::stoi(words[at].substr(colon + 1)));
  }
  if (code == NEED_DATA) return print_need();
  if (code != E_NONE) return print_error(code);
  std::cout << "framing " << (w2c_core_decoder_framing(instance()) == FRAMING_RELEASED ? "released" : "first-design") << '\n';
  print_strings("environment", w2c_core_decoder_environment(instance()), w2c_core_decoder_environment_length(instance()));
  print_strings("argument", w2c_core_decoder_arguments(instance()), w2c_core_decoder_arguments_length(instance()));
}

Code encode_all(const Words &words, EncodedRequest *request) {
  Code code = request_begin(words.at(0) == "released" ? Framing::released : Framing::first_design);
  for (size_t at = 1; at + 1 < words.size() && code == E_NONE; at += 2) {
    const std::string string = unescape(words[at + 1]);
    code = words[at] == "e" ? request_environment(string.c_str()) : request_argument(string.c_str());
  }
  return code == E_NONE ? request_end(request) : code;
}

// encode FRAMING (e ENTRY | a ARGUMENT)*
void encode(const Words &words) {
  EncodedRequest request;
  if (const Code code = encode_all(words, &request); code != E_NONE) return print_error(code);
  const auto print = [](const char *title, const uint8_t *bytes, size_t length) {
    std::cout << title << ' ' << escape(std::string(reinterpret_cast<const char *>(bytes), length)) << '\n';
  };
  print("marker", request.marker, request.marker_length);
  print("carriers", request.carriers, request.carrier_count);
  print("rest", request.rest, request.rest_length);
}

// wait TABLE STATUS
void wait(const Words &words) {
  const WaitTable table = words.at(0) == "exact" ? WaitTable::exact : WaitTable::released;
  const Meaning meaning = wait_status(table, static_cast<uint32_t>(std::stoul(words.at(1), nullptr, 0)));
  static const char *const actions[] = {"exit", "raise", "report-signal", "report-status"};
  std::cout << actions[static_cast<int>(meaning.action)];
  if (meaning.action != Action::report_status) std::cout << ' ' << meaning.value;
  std::cout << (meaning.core ? " core\n" : "\n");
}

// preclean IDENT-IN-USE [keep N] (NAME TIME)*
void preclean(const Words &words) {
  const bool says_kept = words.size() > 2 && words[1] == "keep";
  const size_t kept = says_kept ? std::stoul(words[2]) : PRECLEAN_KEEP;
  if (const Code code = preclean_begin(unescape(words.at(0)).c_str(), kept); code != E_NONE) return print_error(code);
  std::map<std::string, int64_t> last_use;
  for (size_t at = says_kept ? 3 : 1; at + 1 < words.size(); at += 2) {
    const std::string name = unescape(words[at]);
    const Code code = preclean_name(name.c_str());
    if (code == E_PRECLEAN_FULL) break;
    if (code != E_NONE) return print_error(code);
    if (name.empty()) continue;
    const int64_t time = std::stoll(words[at + 1]);
    const auto [entry, is_new] = last_use.emplace(name.substr(1), time);
    entry->second = std::max(entry->second, time);
  }
  const size_t count = preclean_collect();
  for (size_t at = 0; at < count; at++) preclean_last_use(at, last_use[preclean_ident(at)]);
  const size_t victims = preclean_select();
  for (size_t at = 0; at < victims; at++) std::cout << "remove " << escape(preclean_ident(preclean_victim(at))) << '\n';
}

// message CODE-NAME SUBJECT SIZE
void message(const Words &words) {
  std::string out(std::stoul(words.at(2)), '?');
  for (const ErrorText &error : ERROR_TEXTS) {
    if (words.at(0) != error.name) continue;
    const size_t length = error_message(error.code, unescape(words.at(1)).c_str(), out.data(), out.size());
    std::cout << "length " << length << "\ntext " << escape(out.c_str()) << '\n';
  }
}

// prologue SYSNAME NODENAME RELEASE VERSION MACHINE DOMAINNAME CWD-DEVICE CWD-INODE ROOT-DEVICE ROOT-INODE
void prologue(const Words &words) {
  utsname system{};
  char *const fields[] = {system.sysname, system.nodename, system.release, system.version, system.machine, system.domainname};
  for (size_t at = 0; at < 6; at++) strcpy(fields[at], unescape(words.at(at)).c_str());
  uint8_t out[RELEASED_PROLOGUE_LIMIT];
  const auto number = [&](size_t at) { return std::stoull(words.at(at)); };
  const size_t length = released_prologue(system, number(6), number(7), number(8), number(9), out);
  std::cout << "prologue " << escape(std::string(reinterpret_cast<const char *>(out), length)) << '\n';
}

// trap
void trap(const Words &) { wasm_rt_trap(WASM_RT_TRAP_OOB); }

}  // namespace

int main() {
  const std::map<std::string, void (*)(const Words &)> operations = {
      {"options", options}, {"identity", identity_of}, {"digits", digits_of}, {"ident", ident_of},
      {"sha256", sha256},   {"greeting", greeting},    {"status", status},    {"decode", decode},
      {"encode", encode},   {"wait", wait},            {"preclean", preclean}, {"message", message},
      {"prologue", prologue}, {"trap", trap},
      {"call", prefork::test::decode_call},
      {"encode-call", prefork::test::encode_call},
      {"messages", prefork::test::decode_messages},
      {"encode-message", prefork::test::encode_message},
      {"push", prefork::test::push_twice},
      {"header", prefork::test::header},
  };
  for (std::string line; std::getline(std::cin, line);) {
    Words words = prefork::test::words_of(line);
    const std::string operation = words.at(0);
    words.erase(words.begin());
    operations.at(operation)(words);
    std::cout << '.' << std::endl;
  }
  return 0;
}
