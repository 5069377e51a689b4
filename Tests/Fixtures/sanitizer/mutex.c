// Reports contended locks of Swift's Mutex to the thread sanitizer.
//
// Swift's Mutex acquires a free lock in code that is compiled into the program, and a contended lock in the Swift
// library, which is not compiled for the sanitizer: it would report a race for each contended lock. This library is
// preloaded, calls the functions of the Swift library and tells the sanitizer about the lock, so no report has to be
// suppressed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// Defined only in a program that was compiled for the sanitizer.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static void *found(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

SWIFT void lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void lock(uint32_t thread, SELF) {
    ((SWIFT void (*)(uint32_t, SELF))found(LOCK))(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT _Bool try_lock(SELF) __asm__(TRY_LOCK);
SWIFT _Bool try_lock(SELF) {
    _Bool is_mine = ((SWIFT _Bool (*)(SELF))found(TRY_LOCK))(self);
    if (is_mine && __tsan_acquire) __tsan_acquire(self);
    return is_mine;
}

SWIFT void unlock(SELF) __asm__(UNLOCK);
SWIFT void unlock(SELF) {
    if (__tsan_release) __tsan_release(self);
    ((SWIFT void (*)(SELF))found(UNLOCK))(self);
}
