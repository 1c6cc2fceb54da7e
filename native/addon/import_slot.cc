#include "addon/import_slot.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace prefork::addon {

namespace {

#if defined(__x86_64__)
constexpr unsigned kImports[] = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT};
#elif defined(__aarch64__)
constexpr unsigned kImports[] = {R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT};
#else
constexpr unsigned kImports[] = {0};
#endif

struct Table {
  const ElfW(Rela) * first = nullptr;
  size_t bytes = 0;
};

// What of the program is needed: elf(5), dynamic tags.
struct Image {
  ElfW(Addr) base = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  Table tables[2];
  ElfW(Addr) read_only = 0;
  ElfW(Addr) read_only_end = 0;
};

// glibc has made these pointers absolute, musl leaves them as they are in the file.
template <typename T>
const T* at(const Image& image, ElfW(Addr) address) {
  return reinterpret_cast<const T*>(address < image.base ? image.base + address : address);
}

void read_dynamic(Image* image, const ElfW(Dyn) * entry) {
  for (; entry->d_tag != DT_NULL; entry++) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        image->symbols = at<ElfW(Sym)>(*image, entry->d_un.d_ptr);
        break;
      case DT_STRTAB:
        image->names = at<char>(*image, entry->d_un.d_ptr);
        break;
      case DT_JMPREL:
        image->tables[0].first = at<ElfW(Rela)>(*image, entry->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        image->tables[0].bytes = entry->d_un.d_val;
        break;
      case DT_RELA:
        image->tables[1].first = at<ElfW(Rela)>(*image, entry->d_un.d_ptr);
        break;
      case DT_RELASZ:
        image->tables[1].bytes = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
}

Image program() {
  Image image;
  // The program is the first (dl_iterate_phdr(3)).
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* into) {
        auto* image = static_cast<Image*>(into);
        image->base = info->dlpi_addr;
        for (const auto* header = info->dlpi_phdr; header < info->dlpi_phdr + info->dlpi_phnum; header++) {
          const ElfW(Addr) start = info->dlpi_addr + header->p_vaddr;
          if (header->p_type == PT_DYNAMIC) read_dynamic(image, reinterpret_cast<const ElfW(Dyn)*>(start));
          if (header->p_type != PT_GNU_RELRO) continue;
          image->read_only = start;
          image->read_only_end = start + header->p_memsz;
        }
        return 1;
      },
      &image);
  return image;
}

bool is_import(unsigned type) {
  for (unsigned kind : kImports) {
    if (kind != 0 && type == kind) return true;
  }
  return false;
}

std::vector<void**> slots_of(const Image& image, const char* name) {
  std::vector<void**> slots;
  if (image.symbols == nullptr || image.names == nullptr) return slots;
  for (const Table& table : image.tables) {
    if (table.first == nullptr) continue;
    for (const auto* entry = table.first; entry < table.first + table.bytes / sizeof *entry; entry++) {
      if (!is_import(static_cast<unsigned>(ELF64_R_TYPE(entry->r_info)))) continue;
      const char* symbol = image.names + image.symbols[ELF64_R_SYM(entry->r_info)].st_name;
      if (strcmp(symbol, name) == 0) slots.push_back(reinterpret_cast<void**>(image.base + entry->r_offset));
    }
  }
  return slots;
}

// One aligned store: a thread that calls meanwhile gets to the one or the other. What was made read-only after the start is so again afterwards.
bool write_slot(const Image& image, void** slot, void* function) {
  const auto address = reinterpret_cast<ElfW(Addr)>(slot);
  const auto page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  const bool read_only = address >= image.read_only && address < image.read_only_end;
  auto* start = reinterpret_cast<void*>(address & ~(page - 1));
  if (read_only && ::mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return false;
  __atomic_store_n(slot, function, __ATOMIC_SEQ_CST);
  if (read_only) ::mprotect(start, page, PROT_READ);
  return true;
}

}  // namespace

bool redirect_import(const char* name, void* function) {
  const Image image = program();
  const std::vector<void**> slots = slots_of(image, name);
  if (slots.empty()) return false;
  // Of two, the second lies in the same table: where the first could be written to, so can it.
  for (void** slot : slots) {
    if (!write_slot(image, slot, function)) return false;
  }
  return true;
}

}  // namespace prefork::addon
