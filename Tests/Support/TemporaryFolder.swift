package import Foundation
import Synchronization

/// A folder for one test, which is removed with everything in it together with this object.
package final class TemporaryFolder: Sendable {
    package let path: String
    private let cleanups = Mutex<[String: @Sendable () -> Void]>([:])

    /// Makes a folder that all users can enter. Its path is short: a socket's path may have 107 bytes.
    package init() throws {
        path = "/tmp/galley-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// Takes a folder that exists, and removes it in the end as well.
    package init(owning path: String) { self.path = path }

    deinit {
        for cleanup in cleanups.withLock(\.self).values { cleanup() }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Runs a closure before the folder is removed; of several with one name, the last.
    package func beforeRemoval(_ name: String, _ cleanup: @escaping @Sendable () -> Void) {
        cleanups.withLock { $0[name] = cleanup }
    }

    /// Returns the path of a file in the folder.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// The names of the files in the folder, hidden ones too, in order.
    package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self(name)) }

    package func text(_ name: String) throws -> String { try String(contentsOfFile: self(name), encoding: .utf8) }

    package func write(_ text: String, to name: String) throws {
        try text.write(toFile: self(name), atomically: false, encoding: .utf8)
    }

    /// Writes a file with this mode, and returns its path.
    @discardableResult package func file(_ name: String, _ text: String = "old", mode: mode_t = 0o644) throws -> String
    {
        try write(text, to: name)
        guard chmod(self(name), mode) == 0 else { throw POSIXError(.EPERM) }
        return self(name)
    }
}
