// Where the library is. Its name is told from those of all others in a list of libraries to preload.
#pragma once

namespace prefork::recorder {

inline constexpr char FILE_NAME[] = "/prefork-interp-recorder.so";
// From the package's directory.
inline constexpr char DIRECTORY[] = "build/recorder";

}  // namespace prefork::recorder
