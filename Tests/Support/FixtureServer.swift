import Foundation
import Synchronization

/// A Python program of `Tests/Fixtures/servers`, which a test starts and which ends together with this object.
///
/// The program prints the port that it listens at. It may then answer each line that it reads with one line.
package final class FixtureServer: Sendable {
    package enum Failure: Error { case hasEnded(String) }

    /// The port on 127.0.0.1.
    package let port: Int
    private let name: String
    private let input = Pipe()
    private let output: LineReader
    private let process: Process

    /// Starts a program, and waits until it listens.
    package init(_ name: String, _ arguments: String..., environment: [String: String] = [:]) throws {
        let printed = Pipe()
        self.name = name
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-u", Repository.fixture("servers/\(name)")] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        (process.standardInput, process.standardOutput) = (input, printed)
        try process.run()
        output = LineReader(printed.fileHandleForReading)
        guard let line = output.next(), let port = Int(line) else {
            process.terminate()
            throw Failure.hasEnded(name)
        }
        self.port = port
    }

    /// The program's process ID.
    package var processID: Int { Int(process.processIdentifier) }

    /// Sends a command, and returns the line with which the program answers.
    @discardableResult package func command(_ text: String) throws -> String {
        try output.withLine(after: { try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8)) })
            ?? { throw Failure.hasEnded(name) }()
    }

    /// Ends the program.
    package func stop() {
        guard process.isRunning else { return }
        // Only this process: it has no children.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit { stop() }
}

/// Reads lines of a pipe.
private final class LineReader: Sendable {
    private let state: Mutex<(handle: FileHandle, rest: Data)>

    init(_ handle: FileHandle) { state = Mutex((handle, Data())) }

    /// Returns the next line; nil at the end.
    func next() -> String? { state.withLock { Self.next(&$0) } }

    /// Returns the line that follows an action.
    func withLine(after action: () throws -> Void) throws -> String? {
        try state.withLock { state in
            try action()
            return Self.next(&state)
        }
    }

    private static func next(_ state: inout (handle: FileHandle, rest: Data)) -> String? {
        while true {
            if let end = state.rest.firstIndex(of: 10) {
                defer { state.rest = Data(state.rest[(end + 1)...]) }
                return String(decoding: state.rest[..<end], as: UTF8.self)
            }
            let part = state.handle.availableData
            if part.isEmpty { return nil }
            state.rest += part
        }
    }
}
