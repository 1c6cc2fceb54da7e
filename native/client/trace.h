// The moments of this call, for whoever wants to know where its time goes (docs/performance.md): taken only where PREFORK_INTERP_TRACE asks
// for them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/core.h"

namespace prefork::client {

inline constexpr char TRACE_VARIABLE[] = "PREFORK_INTERP_TRACE";

// Whether they are asked for. A call that is not traced looks at this, and does nothing more.
extern bool is_traced;

// Behind these: only in a call that is traced.
void take_moment(int moment);
void take_moments_of_server();
void forget_moment(int moment);
void write_trace(const char *how, const char *why);

// First of all: takes the variable out of the environment, so that nobody else has it, and the first moment.
void begin_trace();

// This is the present moment: one of MOMENT_CLIENT_... . Of one that comes again the last counts.
inline void note_moment(int moment) {
  if (is_traced) take_moment(moment);
}

// What the message that was taken last says of the others' moments.
inline void note_moments_of_server() {
  if (is_traced) take_moments_of_server();
}

// Last of all: appends the moments to the file, in one write(2). `how` is a word: v1 or v2, by which the call was served; direct or failed,
// and `why`. A process that leaves in two ways (an interpreter that cannot be executed) says both.
inline void leave_trace(const char *how, const char *why = "") {
  if (is_traced) write_trace(how, why);
}

}  // namespace prefork::client
