// How the program itself, which is Node with V8 in it, gets to a function of a shared library.
#pragma once

namespace prefork::addon {

// Has every call of `name` by the program (not by its libraries) go to `function` from now on. False, and nothing is changed, where the program does
// not import it, as a static one, or where its table of imports cannot be written to. `function` is never to be unloaded.
bool redirect_import(const char* name, void* function);

}  // namespace prefork::addon
