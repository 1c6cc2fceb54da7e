# How the core's native face is built; for native/Makefile and native/core/test/Makefile to include.
#
# Set before: ROOT (the package), OUT (where objects go), CC, CXX, CFLAGS, CXXFLAGS (of the including file: warnings, -O2, libc).
# Gives: CORE_OBJECTS. It needs generated/, which `npm run build` makes (and which the package brings along).

CORE_SOURCES := call errors identity instance message options preclean wire
CORE_OBJECTS := $(CORE_SOURCES:%=$(OUT)/core/%.o) $(OUT)/core/runtime.o $(OUT)/core/translated.o
CORE_HEADERS := $(wildcard $(ROOT)/native/core/*.h) $(ROOT)/generated/constants.h $(ROOT)/generated/core.h \
  $(ROOT)/generated/core_memory.h
CORE_INCLUDES := -I$(ROOT) -I$(ROOT)/native/core

# What wasm2c writes holds every helper it knows, used or not; NDEBUG as its one assert says what runtime.c makes true.
CORE_TRANSLATED_FLAGS := -std=c11 -DNDEBUG -Wno-unused-function -Wno-unused-parameter -Wno-unused-but-set-variable \
  -Wno-unused-label -Wno-unused-variable -Wno-unused-value

$(OUT)/core/%.o: $(ROOT)/native/core/%.cc $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -fno-exceptions -fno-rtti $(CXXFLAGS) $(CORE_INCLUDES) -c $< -o $@

$(OUT)/core/runtime.o: $(ROOT)/native/core/runtime.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CFLAGS) $(CORE_INCLUDES) -c $< -o $@

$(OUT)/core/translated.o: $(ROOT)/generated/core.c $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_TRANSLATED_FLAGS) $(CORE_INCLUDES) -c $< -o $@
