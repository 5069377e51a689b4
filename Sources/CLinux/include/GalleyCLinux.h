// System calls that Swift's Glibc module does not show, and the one thing that cannot be written in Swift: what
// happens in a child between fork and exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <dirent.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

// MARK: - For Storage and LocalKernels

/// The next name in a folder, but for the folder's own and its parent's; NULL after the last.
const char *_Nullable clinux_next_name(DIR *_Nonnull folder);

/// Opens a file that somebody else may have made, for reading. What is no file must neither be followed nor waited for:
/// -1 and errno then, and where it cannot be opened.
int clinux_open_regular_file(const char *_Nonnull path);

// MARK: - For Storage

/// Opens a folder to make files in, which does not take the right to list it; -1 and errno where it cannot.
int clinux_open_folder(const char *_Nonnull path);

/// Opens a file without a name in the folder `folder`, for reading and writing; -1 and errno where it cannot.
int clinux_open_unnamed(int folder, mode_t mode);

/// Gives a file of a folder another name there that nobody has; -1 and errno where that cannot be, EEXIST where somebody has it.
int clinux_rename_to_free(int folder, const char *_Nonnull old, const char *_Nonnull new_name);

/// Looks a name up in a folder, following no link and opening nothing for reading or writing; -1 and errno where there is none.
int clinux_look_up(int folder, const char *_Nonnull name);

/// Returns 1 if a process serves the file system of a file (FUSE), 0 if not, or -1 and errno.
int clinux_is_on_fuse(int file);

/// Returns 1 if a file is none on a disk but what the kernel tells of itself or of a process, 0 if not, or -1 and errno.
int clinux_is_on_pseudo_file_system(int file);

/// Splits the number of a device into the two that the kernel's list of mounts has.
void clinux_device_numbers(dev_t device, unsigned numbers[_Nonnull 2]);

/// Lets two files of a folder have each other's names, in one step; -1 and errno where that cannot be.
int clinux_exchange(int folder, const char *_Nonnull one, const char *_Nonnull other);

/// Makes room on the disk for the first `count` bytes of a file, whose size stays; -1 and errno where there is none.
int clinux_reserve(int file, int64_t count);

/// Finds the flags that chattr has set on a file and that another file can be given; -1 and errno where there are none.
int clinux_flags(int file, int *_Nonnull flags);

/// Gives a file such flags, or as many of them as this process may and the file system can.
void clinux_set_flags(int file, int wanted);

/// Whether the file system of a file is local and keeps locks, so that no process works on a file without one.
int clinux_has_reliable_locks(int file);

/// Reads the link that ``clinux_look_up`` found; returns its length, or -1 and errno.
ssize_t clinux_read_link(int link, char *_Nonnull text, size_t size);

/// Asks the kernel to back memory with huge pages, which makes its first use cheaper. May do nothing.
void clinux_prefer_huge_pages(void *_Nonnull address, size_t length);

// MARK: - For LocalKernels

/// Removes a file, or a folder with everything in it, following no link; what cannot be removed stays.
void clinux_remove_tree(const char *_Nonnull path);

/// Looks a user up by name or, where that is NULL, by `id`. Sets the numbers of the user and of the user's own group, and
/// writes name, home and shell to `text`, each ended by a NUL; returns 0 where there is none, or where there is no room.
int clinux_find_user(
    const char *_Nullable name, uid_t *_Nonnull id, gid_t *_Nonnull group, char *_Nonnull text, size_t size);

/// A program to be started under a guard.
struct clinux_launch {
    /// The path of the program, its arguments and its environment, the last two ended by NULL.
    const char *_Nonnull program;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    /// The folder to start in.
    const char *_Nonnull folder;
    /// Two folders that are the program's alone; the second is empty if there is none. They are removed when the engine
    /// cannot do it any more.
    const char *_Nonnull private_folder;
    const char *_Nonnull other_folder;
    /// Where the program's standard output and error go.
    int output;
    /// Limits by RLIMIT_AS, RLIMIT_CPU and RLIMIT_NOFILE; 0 sets none.
    uint64_t memory, processor_seconds, open_files;
    /// Whether what the program started may outlive it.
    int leaves_children;
    /// Whether the engine may order that the program is kept.
    int may_be_kept;
    /// What the keeper of a program holds, each -1 if there is none: the end of the pipe from which the program's output is
    /// read, and the locked folders.
    int output_reader;
    int locks[2];
    /// The process of a program that is kept, 0 until then. The guard sets it for its watcher.
    int32_t kept;
};

/// What a guard reports.
enum clinux_event {
    /// The program runs; `value` is its process.
    clinux_started = 1,
    /// It could not be started; `value` is an errno, `detail` a clinux_step.
    clinux_failed = 2,
    /// It has ended; `value` is what wait() says, `detail` its peak memory in kilobytes.
    clinux_ended = 3,
    /// The guard has let go of the engine, and keeps the program; `value` is the guard's process.
    clinux_kept = 4,
};

/// What could not be done before the program ran.
enum clinux_step { clinux_step_fork = 1, clinux_step_folder, clinux_step_limits, clinux_step_program };

/// One report of a guard, sent whole through its socket.
struct clinux_report {
    int32_t event, value;
    int64_t detail;
};

/// What a guard can be told, sent whole through its socket: a signal for the program's process group, SIGKILL with
/// `everything` for all that descends from the program, or `keeps` to keep the program without the engine.
struct clinux_order {
    int32_t signal, everything, keeps;
};

/// Starts a program under a guard; returns the guard's process and sets `socket`, or returns -1 and sets errno.
///
/// The guard is a small process between this one and the program. It outlives neither: when this process ends, by
/// whatever means, the socket closes, and the guard ends the program and all that descends from it. Of a program that is
/// kept the guard is the keeper, which needs no engine: it ends what the program leaves behind, and removes the folders.
///
/// Nobody who waits for any child of this process hears of it; ``clinux_wait_for_guard`` has to be called in the end.
pid_t clinux_start_guarded(const struct clinux_launch *_Nonnull launch, int *_Nonnull socket);

/// Waits until a guard has ended, and lets go of it.
void clinux_wait_for_guard(pid_t guard);

/// Makes a pipe that no other program inherits, out of the way of the standard streams: first the end to read from.
/// Returns 0, or -1 and errno.
int clinux_make_pipe(int ends[_Nonnull 2]);

/// The signal that has ended a process, by the status that wait() tells; 0 where none has.
int clinux_ending_signal(int status);

/// Returns the process that listens at the path of a socket; -1 if there is none.
pid_t clinux_find_listener(const char *_Nonnull path);

/// Returns whether a process that was waited for is stopped, and has not ended.
int clinux_is_stopped(int status);

/// The status that a process has exited with, which no signal has ended.
int clinux_exit_status(int status);

/// Has all threads of this process take their memory from one place, instead of setting some aside for each.
void clinux_use_one_malloc_arena(void);

/// Whether there is a group of this number.
int clinux_is_group(gid_t group);

// MARK: - For Supervisor

/// Finds the groups that a user is in, the user's own first; a number that is no user's is in `group` alone. Returns how
/// many there are, of which no more than `room` are set.
size_t clinux_find_groups(uid_t user, gid_t group, gid_t *_Nonnull groups, size_t room);

/// Makes this process, which must have a single thread, one of another user, for good: in a session of its own, without
/// the terminal, the keys and the capabilities of before. Returns 0, or -1 and errno: then it must do nothing but end.
int clinux_become_user(uid_t user, gid_t group, const gid_t *_Nonnull groups, size_t count);

/// Removes a folder with everything in it as another user, in a process of its own that is waited for.
void clinux_remove_tree_as_user(
    uid_t user, gid_t group, const gid_t *_Nonnull groups, size_t count, const char *_Nonnull path);

// MARK: - For Runs

/// An argument that this process was started with, of which its own name is number 0; NULL after the last.
const char *_Nullable clinux_argument(int number);

/// Makes a copy of this process, which must have a single thread; returns 0 in the copy, -1 and errno where it cannot.
pid_t clinux_fork(void);

/// Has this process sent a signal when its parent ends, which is `parent` as long as it has not.
void clinux_signal_on_parent_exit(pid_t parent, int signal);

/// Has this process give large pieces of memory back to the system when they are freed, instead of keeping them.
void clinux_return_freed_memory(void);

/// Opens something that stands for a process and can be waited for; -1 and errno where it cannot.
int clinux_open_process(pid_t process);

/// Sends a signal to the process that was opened, and to no other that has got its number since.
int clinux_signal_process(int process, int signal);

#endif
