// Bytes that are made for a call and kept until this process ends, one piece right behind the other.
//
// Paths can be long and hardly ever are. In arrays of their own each would begin on another page, and the first touch of a page costs
// more than all that is done with the path.
#pragma once

#include <limits.h>
#include <stddef.h>

namespace prefork::client {

// Two paths, one behind the other: room for all that is kept here.
inline constexpr size_t ROOM = 2 * PATH_MAX;
using Room = char[ROOM];

// Where the next piece is made. It moves on when that is kept.
Room &room();

// Keeps the string, or so many bytes, at the beginning of the room.
const char *keep_string();
const void *keep_bytes(size_t count);

}  // namespace prefork::client
