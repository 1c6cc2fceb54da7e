// The script's absolute path.
#pragma once

namespace prefork::client {

// As Node's path.resolve() makes it, which is what process.argv[1] is: from the working directory, with `.` and `..` taken out as words,
// and no symbolic link followed. Fails where it is too long, or there is no working directory for a relative one.
const char *absolute_script(const char *script);

}  // namespace prefork::client
