#define _GNU_SOURCE
#include "GalleyCLinux.h"

#include <linux/sockios.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

int clinux_make_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_unacknowledged_bytes(int socket) {
    int count;
    return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : 0;
}
