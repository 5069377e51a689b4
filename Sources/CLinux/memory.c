#define _GNU_SOURCE
#include "memory.h"
#include "directories.h"

#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { capacity = sizeof((struct memory_ranges *)0)->all / sizeof(struct memory_range) };

void clinux_add_pages(struct memory_ranges *ranges, uintptr_t start, uintptr_t end, uintptr_t around) {
    uintptr_t mask = sysconf(_SC_PAGESIZE) - 1;
    struct memory_range range = {(start - around) & ~mask, (end + around + mask) & ~mask};
    if (ranges->count++ < capacity) ranges->all[ranges->count - 1] = range;
}

static int add_library(struct dl_phdr_info *library, size_t size, void *ranges) {
    (void)size;
    // The loader allocates the name of a library beside its other data about the library. The program itself has no
    // name, but it is the first in the loader's list.
    uintptr_t data = *library->dlpi_name ? (uintptr_t)library->dlpi_name : (uintptr_t)_r_debug.r_map;
    clinux_add_pages(ranges, data, data, 1 << 18);
    for (int index = 0; index < library->dlpi_phnum; index++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[index];
        uintptr_t start = library->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && part->p_flags & PF_W) clinux_add_pages(ranges, start, start + part->p_memsz, 0);
    }
    return 0;
}

void clinux_add_libraries(struct memory_ranges *ranges) { dl_iterate_phdr(add_library, ranges); }

/// Unmaps a range except for the parts in `kept`.
static void unmap_except(struct memory_range piece, const struct memory_ranges *kept) {
    while (piece.start < piece.end) {
        struct memory_range next = {piece.end, piece.end};
        for (int index = 0; index < kept->count; index++)
            if (kept->all[index].end > piece.start && kept->all[index].start < next.start) next = kept->all[index];
        if (next.start > piece.start) munmap((void *)piece.start, next.start - piece.start);
        piece.start = next.end;
    }
}

/// Unmaps the mapping in a line of /proc/self/maps if it is large and anonymous.
static void unmap_if_large(const char *line, const struct memory_ranges *kept) {
    uintptr_t start = clinux_parse_number(&line, 16);
    line++;
    uintptr_t end = clinux_parse_number(&line, 16);
    if (end - start < 1 << 20 || strncmp(line, " rw-p ", 6) != 0) return;
    line += 6;
    for (int field = 0; field < 2; field++) {
        while (*line && *line != ' ') line++;
        while (*line == ' ') line++;
    }
    uint64_t file_number = clinux_parse_number(&line, 10);
    while (*line == ' ') line++;
    if (file_number == 0 && (*line == 0 || strncmp(line, "[anon", 5) == 0)) unmap_except((struct memory_range){start, end}, kept);
}

void clinux_unmap_engine_memory(const struct memory_ranges *kept) {
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
    // A sanitizer keeps its data in such mappings and reads it at every step.
    (void)kept;
    return;
#endif
    // Without all ranges, this process could not run.
    if (kept->count > capacity) return;
    char text[65536];
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    // With hundreds of threads, the list is longer than the buffer. The system continues after the last mapping that it
    // has returned, even if mappings were removed in the meantime.
    size_t length = 0;
    for (ssize_t got; (got = read(file, text + length, sizeof text - length)) > 0;) {
        length += got;
        size_t done = 0;
        for (char *end; (end = memchr(text + done, '\n', length - done)) != NULL; done = end + 1 - text) {
            *end = 0;
            unmap_if_large(text + done, kept);
        }
        // No line is this long, even with a long path.
        if (done == 0 && length == sizeof text) break;
        memmove(text, text + done, length -= done);
    }
    close(file);
}
