import GalleyCLinux
import Glibc

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

/// An extended attribute's value, nil where there is none.
func attribute(_ name: String, of path: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = getxattr(path, name, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes.prefix(count))
}

func setAttribute(_ name: String, _ value: [UInt8], of path: String) -> Bool {
    setxattr(path, name, value, value.count, 0) == 0
}
