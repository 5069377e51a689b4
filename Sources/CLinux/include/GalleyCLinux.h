// System calls that Swift's Glibc module does not provide, and the one part that cannot be written in Swift: the code
// that runs in a child between fork and exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <dirent.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

// MARK: - For Concurrency

/// Sets the name of the current thread, at most 15 bytes.
void clinux_name_thread(const char *_Nonnull name);

// MARK: - For Storage and LocalKernels

/// Returns the next name in a folder, except "." and ".."; NULL after the last.
const char *_Nullable clinux_next_name(DIR *_Nonnull folder);

/// Opens a regular file for reading, without following a symbolic link or waiting for a pipe or device. Returns -1 and
/// errno if it is not a regular file or cannot be opened. Safe for a file that another process may have created.
int clinux_open_regular_file(const char *_Nonnull path);

// MARK: - For Storage

/// Opens a folder to create files in, which does not require permission to list it. Returns -1 and errno on failure.
int clinux_open_folder(const char *_Nonnull path);

/// Opens an unnamed file in `folder` for reading and writing. Returns -1 and errno on failure.
int clinux_open_unnamed(int folder, mode_t mode);

/// Renames a file within a folder to an unused name. Returns -1 and errno on failure, EEXIST if the name is in use.
int clinux_rename_to_free(int folder, const char *_Nonnull old, const char *_Nonnull new_name);

/// Opens a name in a folder without following links and without access to its contents. Returns -1 and errno on
/// failure.
int clinux_look_up(int folder, const char *_Nonnull name);

/// Returns 1 if a file is on a FUSE file system, which a process serves, 0 if not, or -1 and errno.
int clinux_is_on_fuse(int file);

/// Returns 1 if a file is on a pseudo file system (proc, sysfs or cgroup), 0 if not, or -1 and errno.
int clinux_is_on_pseudo_file_system(int file);

/// Splits a device number into its major and minor numbers, as in the kernel's list of mounts.
void clinux_device_numbers(dev_t device, unsigned numbers[_Nonnull 2]);

/// Exchanges the names of two files in a folder atomically. Returns -1 and errno on failure.
int clinux_exchange(int folder, const char *_Nonnull one, const char *_Nonnull other);

/// Allocates disk space for the first `count` bytes of a file without changing its size. Returns -1 and errno on
/// failure.
int clinux_reserve(int file, int64_t count);

/// Gets the chattr flags of a file that can be copied to another file. Returns -1 and errno if it has no flags.
int clinux_flags(int file, int *_Nonnull flags);

/// Sets chattr flags on a file, as many of them as this process and the file system can.
void clinux_set_flags(int file, int wanted);

/// Returns whether the file system of a file is local and supports locks reliably.
int clinux_has_reliable_locks(int file);

/// Reads the symbolic link that ``clinux_look_up`` opened; returns its length, or -1 and errno.
ssize_t clinux_read_link(int link, char *_Nonnull text, size_t size);

/// Asks the kernel to back memory with huge pages, which makes its first use cheaper. May have no effect.
void clinux_prefer_huge_pages(void *_Nonnull address, size_t length);

// MARK: - For LocalKernels

/// Removes a file, or a folder with its contents, without following links. Skips entries that cannot be removed.
void clinux_remove_tree(const char *_Nonnull path);

/// Finds a user by name or, if `name` is NULL, by `id`. Sets `id` and the user's primary `group`, and writes the name,
/// home folder and shell to `text`, each terminated by NUL. Returns 0 if there is no such user or `text` is too small.
int clinux_find_user(
    const char *_Nullable name, uid_t *_Nonnull id, gid_t *_Nonnull group, char *_Nonnull text, size_t size);

/// A program to start under a guard.
struct clinux_launch {
    /// The path of the program, its arguments and its environment; the last two end with NULL.
    const char *_Nonnull program;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    /// The working folder.
    const char *_Nonnull folder;
    /// Two private folders of the program; the second is empty if there is none. The guard removes them if the engine
    /// no longer can.
    const char *_Nonnull private_folder;
    const char *_Nonnull other_folder;
    /// The descriptor for the program's standard output and error.
    int output;
    /// The RLIMIT_AS, RLIMIT_CPU and RLIMIT_NOFILE limits; 0 sets none.
    uint64_t memory, processor_seconds, open_files;
    /// Whether the program's child processes may outlive it.
    int leaves_children;
    /// Whether the engine may order the guard to keep the program.
    int may_be_kept;
    /// The descriptors that the keeper of a program holds, or -1: the read end of the program's output pipe, and the
    /// locked folders.
    int output_reader;
    int locks[2];
    /// The process ID of a kept program; 0 until it is kept. The guard sets it for its watcher.
    int32_t kept;
};

/// The events that a guard reports.
enum clinux_event {
    /// The program runs; `value` is its process ID.
    clinux_started = 1,
    /// The program could not be started; `value` is an errno, `detail` a clinux_step.
    clinux_failed = 2,
    /// The program has ended; `value` is its wait() status, `detail` its peak memory in kilobytes.
    clinux_ended = 3,
    /// The guard has detached from the engine and keeps the program; `value` is the guard's process ID.
    clinux_kept = 4,
};

/// The step that failed before the program ran.
enum clinux_step { clinux_step_fork = 1, clinux_step_folder, clinux_step_limits, clinux_step_program };

/// A report of a guard, sent as one message over its socket.
struct clinux_report {
    int32_t event, value;
    int64_t detail;
};

/// An order to a guard, sent as one message over its socket: a signal for the program's process group, SIGKILL with
/// `everything` for the program and all its descendants, or `keeps` to keep the program without the engine.
struct clinux_order {
    int32_t signal, everything, keeps;
};

/// Starts a program under a guard. Returns the guard's process ID and sets `socket`, or returns -1 and sets errno.
///
/// The guard is a small process between this process and the program. When this process ends for any reason, the socket
/// closes, and the guard kills the program and all its descendants. For a kept program, the guard becomes the keeper,
/// which needs no engine: it kills all processes that the program leaves behind, and removes the folders.
///
/// A wait for any child of this process does not return the guard; call ``clinux_wait_for_guard`` when it ends.
pid_t clinux_start_guarded(const struct clinux_launch *_Nonnull launch, int *_Nonnull socket);

/// Waits until a guard has ended, and releases its process ID.
void clinux_wait_for_guard(pid_t guard);

/// Creates a pipe that other programs do not inherit, with descriptors above the standard streams: read end first.
/// Returns 0, or -1 and errno.
int clinux_make_pipe(int ends[_Nonnull 2]);

/// Returns the signal that ended a process, from its wait() status; 0 if no signal did.
int clinux_ending_signal(int status);

/// Returns the ID of the process that listens at a socket path; -1 if there is none.
pid_t clinux_find_listener(const char *_Nonnull path);

/// Returns whether a wait() status means that the process is stopped and has not ended.
int clinux_is_stopped(int status);

/// Returns the exit status of a process that was not ended by a signal.
int clinux_exit_status(int status);

/// Makes all threads of this process allocate from one arena, instead of reserving memory for each thread.
void clinux_use_one_malloc_arena(void);

/// Returns whether a group with this ID exists, or may exist because the lookup failed.
int clinux_is_group(gid_t group);

// MARK: - For HTTP

/// Creates an eventfd, with which one thread wakes another that polls it. Returns -1 and errno on failure.
int clinux_make_event(void);

/// Returns the number of bytes that a TCP socket has accepted and the other machine has not acknowledged.
int clinux_unacknowledged_bytes(int socket);

// MARK: - For Supervisor

/// Finds the groups of a user, the primary group first. A user ID without an account has only `group`. Returns the
/// number of groups; sets at most `room` of them.
size_t clinux_find_groups(uid_t user, gid_t group, gid_t *_Nonnull groups, size_t room);

/// Makes this process, which must have a single thread, run as another user permanently: in its own session, and
/// without the previous terminal, keyring and capabilities. Returns 0, or -1 and errno; after a failure, the process
/// must exit.
int clinux_become_user(uid_t user, gid_t group, const gid_t *_Nonnull groups, size_t count);

/// Removes a folder with its contents as another user, in a child process, and waits for the child.
void clinux_remove_tree_as_user(
    uid_t user, gid_t group, const gid_t *_Nonnull groups, size_t count, const char *_Nonnull path);

// MARK: - For Runs

/// Returns an argument of this process; number 0 is the program's own name. Returns NULL after the last.
const char *_Nullable clinux_argument(int number);

/// Forks this process, which must have a single thread. Returns 0 in the child, or -1 and errno on failure.
pid_t clinux_fork(void);

/// Sends this process a signal when its parent ends. `parent` is the expected parent; if it has already ended, sends
/// the signal immediately.
void clinux_signal_on_parent_exit(pid_t parent, int signal);

/// Returns large blocks to the system when they are freed, instead of keeping them.
void clinux_return_freed_memory(void);

/// Opens a pidfd for a process, which becomes readable when the process ends. Returns -1 and errno on failure.
int clinux_open_process(pid_t process);

/// Sends a signal to the process of a pidfd, never to a later process with the same ID.
int clinux_signal_process(int process, int signal);

#endif
