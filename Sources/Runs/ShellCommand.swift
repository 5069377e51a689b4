import GalleyCLinux
import Glibc

/// Runs a shell command and waits for its end. Sets `variables` in the environment of this process, so call it last.
///
/// - Parameter output: Receives the lines that the command prints; nil to print them to the standard streams.
/// - Returns: The exit status, 128 plus the number of the signal that ended the command, or 127 if it could not be
///   started.
package func runCommand(_ command: String, variables: [String: String], output: ((String) -> Void)?) -> Int32 {
    for (name, value) in variables { unsafe setenv(name, value, 1) }
    var ends: [Int32] = [-1, -1]
    if output != nil { guard unsafe pipe(&ends) == 0 else { return 127 } }
    defer { if ends[0] >= 0 { close(ends[0]) } }
    let process = start(command, writingTo: ends)
    if ends[1] >= 0 { close(ends[1]) }
    guard let process else { return 127 }
    var lines = Lines(from: ends[0])
    var status: Int32 = 0
    while true {
        // Background processes of the command can hold its output open indefinitely.
        let isOver = unsafe waitpid(process, &status, output == nil ? 0 : WNOHANG) == process
        if let output { lines.read(isOver: isOver, output) }
        if isOver { break }
        if errno != EINTR, output == nil { return 127 }
    }
    let signal = clinux_ending_signal(status)
    return signal == 0 ? clinux_exit_status(status) : 128 + signal
}

private func start(_ command: String, writingTo ends: [Int32]) -> pid_t? {
    // Safe because every string lives until the call has returned.
    let arguments = unsafe (["sh", "-c", command].map { (word: String) in unsafe strdup(word) }) + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigfillset(&all)
    // SIGHUP stays ignored under nohup.
    unsafe sigdelset(&all, SIGHUP)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if ends[1] >= 0 {
        for stream in Int32(1)...2 { unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], stream) }
        for end in ends where end > 2 { unsafe posix_spawn_file_actions_addclose(&actions, end) }
    }
    var process: pid_t = 0
    return unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ) == 0 ? process : nil
}

/// The lines that are read from a pipe.
private struct Lines {
    private let pipe: Int32
    private var rest: [UInt8] = []

    init(from pipe: Int32) {
        self.pipe = pipe
        if pipe >= 0 { _ = fcntl(pipe, F_SETFL, O_NONBLOCK) }
    }

    /// Reads the available data; waits briefly if there is none.
    mutating func read(isOver: Bool, _ take: (String) -> Void) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var item = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
        // Safe because one item is passed, and the array with its own length.
        if !isOver, unsafe poll(&item, 1, 20) == 1, item.revents & Int16(POLLIN) == 0 { _ = poll(nil, 0, 20) }
        while case let count = unsafe Glibc.read(pipe, &bytes, bytes.count), count > 0 { rest += bytes[..<count] }
        while let end = rest.firstIndex(of: 10) {
            take(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
        }
        if isOver, !rest.isEmpty { take(String(decoding: rest, as: UTF8.self)) }
    }
}
