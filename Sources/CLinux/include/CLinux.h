// System calls that Swift's Glibc module does not show.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>
#include <sys/xattr.h>

/// Opens a file without a name in the folder `folder`, for reading and writing; -1 and errno where it cannot.
int clinux_open_unnamed(int folder, mode_t mode);

/// Asks the kernel to back memory with huge pages, which makes its first use cheaper. May do nothing.
void clinux_prefer_huge_pages(void *address, size_t length);

#endif
