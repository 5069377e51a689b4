import GalleyCLinux
import Glibc
import GalleyStorage
import Testing

/// A folder for one test, removed with everything in it afterwards.
final class Scratch {
    let path: String

    init() throws {
        path = "/tmp/galley-storage-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
        guard mkdir(path, 0o755) == 0 else { throw POSIXFailure(code: errno) }
        // Other users have to get in, for the tests that are run as one.
        chmod(path, 0o755)
    }

    deinit { run("rm", "-rf", path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file and returns its path.
    func file(_ name: String, _ contents: String = "old", mode: mode_t = 0o644) throws -> String {
        try write(contents, to: self(name))
        chmod(self(name), mode)
        return self(name)
    }

    /// The names in the folder, hidden ones too.
    var names: [String] { list(path) }
}

struct POSIXFailure: Error {
    let code: Int32
}

func write(_ contents: String, to path: String) throws {
    let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw POSIXFailure(code: errno) }
    defer { close(number) }
    let bytes = Array(contents.utf8)
    guard Glibc.write(number, bytes, bytes.count) == bytes.count else { throw POSIXFailure(code: errno) }
}

func contents(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
}

func list(_ folder: String) -> [String] {
    guard let open = opendir(folder) else { return [] }
    defer { closedir(open) }
    var names: [String] = []
    while let entry = readdir(open) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

func status(_ path: String) -> stat {
    var status = stat()
    lstat(path, &status)
    return status
}

func mode(_ path: String) -> mode_t { status(path).st_mode & 0o7777 }

/// Runs a program; returns whether it succeeded.
@discardableResult
func run(_ arguments: String...) -> Bool {
    var pid: pid_t = 0
    var argv = arguments.map { strdup($0) } + [nil]
    defer { for case let pointer? in argv { free(pointer) } }
    guard posix_spawnp(&pid, arguments[0], nil, nil, &argv, environ) == 0 else { return false }
    var state: Int32 = 0
    waitpid(pid, &state, 0)
    return state == 0
}

/// A small file system in memory, there as long as the value is.
final class SmallFileSystem {
    let path: String
    private let scratch: Scratch

    init(size: String, options: String = "") throws {
        scratch = try Scratch()
        path = scratch.path
        try #require(run("mount", "-t", "tmpfs", "-o", "size=\(size)\(options)", "tmpfs", path))
    }

    deinit { run("umount", path) }

    /// Lets nobody write to it any more.
    func close() async throws {
        // What another test starts may hold a file open until it is another program.
        for _ in 0..<1000 where !run("mount", "-o", "remount,ro", path) { try await Task.sleep(for: .milliseconds(10)) }
        try #require(access(path, W_OK) != 0)
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

let isRoot = geteuid() == 0

/// Whether this process may mount: root may, unless it is in a container that was not given the right.
let canMount: Bool = {
    guard isRoot, let scratch = try? Scratch(), run("mount", "-t", "tmpfs", "tmpfs", scratch.path) else { return false }
    return run("umount", scratch.path)
}()

/// An extended attribute's value, nil where there is none.
func attribute(_ name: String, of path: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = getxattr(path, name, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes.prefix(count))
}

func setAttribute(_ name: String, _ value: [UInt8], of path: String) -> Bool {
    setxattr(path, name, value, value.count, 0) == 0
}
