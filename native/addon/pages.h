// V8's heap and fork(2).
#pragma once

namespace prefork::addon {

// From now on V8's MADV_DONTFORK has no effect. V8 marks what it maps so, because Chrome's zygote never forks a process with a live V8; a child would find
// its heap unmapped. Where the program's calls cannot be had (a static one), nothing is changed.
void stop_marking_pages();

// Undoes those marks on every anonymous mapping of this process; to be called right before each fork, while nothing else runs. Once marking was stopped, only the
// first time: until then V8 maps more as it goes along, and offers no list. 0, or -1 with errno.
int make_pages_inheritable();

}  // namespace prefork::addon
