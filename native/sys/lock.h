// Locks: flock(2), which belongs to the open file and goes when its last descriptor is closed, by the kernel too.
#pragma once

namespace prefork::sys {

enum class LockKind { exclusive, shared, unlock };

// flock(2). Without waiting: EWOULDBLOCK where somebody else holds it. EINTR is taken up again.
int lock(int fd, LockKind kind, bool wait);

// Opens (and makes, 0600) a lock file and takes it exclusively, without waiting: EWOULDBLOCK as above. A holder may remove the file, so
// once it is locked it must still be the one at the path; if not, the lock is on a file that nobody will look at again, and it is all
// done anew. Returns the descriptor, close-on-exec. A symbolic link is refused (ELOOP).
int open_locked(const char *path);

}  // namespace prefork::sys
