#include "addon/command_line.h"

#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace prefork::addon {

namespace {

// Where the kernel put the arguments, found at the first call: process.title (uv_set_process_title) writes to the same
// place, and is read from it.
char* area = nullptr;
size_t area_size = 0;
// What was there then.
char* original = nullptr;
char* own = nullptr;
size_t own_size = 0;

// What PR_SET_MM_MAP wants back. Nothing of it but the places of arguments and heap ever changes in a process, and a fork
// leaves it as it is: so it is read once.
prctl_mm_map known_map;
bool map_is_known = false;

// Fields 26 to 51 of proc_pid_stat(5).
bool read_map(prctl_mm_map* map) {
  char stat[2048];
  FILE* file = fopen("/proc/self/stat", "re");
  if (file == nullptr) return false;
  size_t length = fread(stat, 1, sizeof stat - 1, file);
  fclose(file);
  stat[length] = '\0';
  const char* rest = strrchr(stat, ')');
  if (rest == nullptr) return false;
  unsigned long start_code, end_code, start_stack, start_data, end_data, start_brk;
  unsigned long arg_start, arg_end, env_start, env_end;
  int found = sscanf(rest + 1,
                     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d %*u"
                     " %lu %lu %lu %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %*d %*u %*u %*u %*u %*d"
                     " %lu %lu %lu %lu %lu %lu %lu",
                     &start_code, &end_code, &start_stack, &start_data, &end_data, &start_brk, &arg_start, &arg_end,
                     &env_start, &env_end);
  if (found != 10 || arg_start == 0) return false;
  *map = {};
  map->start_code = start_code;
  map->end_code = end_code;
  map->start_stack = start_stack;
  map->start_data = start_data;
  map->end_data = end_data;
  map->start_brk = start_brk;
  map->arg_start = arg_start;
  map->arg_end = arg_end;
  map->env_start = env_start;
  map->env_end = env_end;
  // Nothing new for these two.
  map->auxv_size = 0;
  map->exe_fd = static_cast<unsigned>(-1);
  return true;
}

bool current_map(prctl_mm_map* map) {
  if (!map_is_known && !read_map(&known_map)) return false;
  map_is_known = true;
  *map = known_map;
  map->brk = reinterpret_cast<unsigned long>(sbrk(0));
  return true;
}

// A place for what the area does not hold. The one before is given back only when the kernel points elsewhere.
char* own_area(size_t size) {
  if (own != nullptr && size <= own_size) return own;
  void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  own = static_cast<char*>(place);
  own_size = size;
  return own;
}

// Since Linux 3.18, without privilege where neither auxv nor exe change (PR_SET_MM in prctl(2)).
int point_to(prctl_mm_map* map, const char* start, size_t size) {
  map->arg_start = reinterpret_cast<unsigned long>(start);
  map->arg_end = map->arg_start + size;
  return prctl(PR_SET_MM, PR_SET_MM_MAP, reinterpret_cast<unsigned long>(map), sizeof *map, 0);
}

}  // namespace

int set_command_line(const char* line, size_t size, bool apart) {
  prctl_mm_map map;
  if (size == 0 || !current_map(&map)) {
    errno = size == 0 ? EINVAL : ENOTSUP;
    return -1;
  }
  if (area == nullptr) {
    area = reinterpret_cast<char*>(map.arg_start);
    area_size = map.arg_end - map.arg_start;
    original = static_cast<char*>(malloc(area_size));
    if (original != nullptr) memcpy(original, area, area_size);
  }
  if (size > area_size || apart) {
    char* place = own_area(size);
    if (place != nullptr) {
      memcpy(place, line, size);
      if (point_to(&map, place, size) == 0) {
        // A line that was put there meanwhile is not to be taken for the title.
        if (original != nullptr) memcpy(area, original, area_size);
        return 0;
      }
    }
  }
  size_t fits = std::min(size, area_size);
  memcpy(area, line, fits);
  memset(area + fits, 0, area_size - fits);
  area[area_size - 1] = '\0';
  // Only its length is left to say; without that, ps(1) shows what is there just the same.
  if (point_to(&map, area, fits) == 0 || fits == size) return 0;
  return -1;
}

}  // namespace prefork::addon
