// V8's heap and fork(2).
#pragma once

namespace prefork::addon {

// Undoes V8's MADV_DONTFORK on every anonymous mapping of this process. 0, or -1 with errno.
//
// V8 marks what it maps so, because Chrome's zygote never forks a process with a live V8; a child would find its heap
// unmapped. It maps more as it goes along, and offers no list: so this is done right before each fork, while nothing
// else runs.
int make_pages_inheritable();

}  // namespace prefork::addon
