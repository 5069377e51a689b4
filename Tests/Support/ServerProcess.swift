import Foundation

/// A server of a test, with everything that it writes. The process and its descendants end together with this object.
package final class ServerProcess: Sendable {
    /// An error of a server that did not start.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let handle: Handle
    /// The path of the file with everything that the server has written.
    package let log: String
    private let folder: TemporaryFolder

    /// The process ID.
    package let id: Int

    /// The process, which nothing uses after its start. It reaps the ended process.
    private struct Handle: @unchecked Sendable {
        let process: Process
    }

    /// Everything that the server has written so far.
    package var output: String {
        ((try? Data(contentsOf: URL(fileURLWithPath: log))) ?? Data()).reduce(into: [UInt8]()) { $0.append($1) }.text
    }

    /// Starts a program.
    ///
    /// - Parameter environment: Variables in addition to those of this process.
    package init(_ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        self.folder = folder
        log = folder("server-\(UInt32.random(in: 0...UInt32.max)).log")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The threads of tests block signals, which a program inherits.
        let unblocking =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execvp(sys.argv[1], sys.argv[1:])"
        process.arguments = ["python3", "-c", unblocking] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, output)
        process.standardError = output
        try process.run()
        (handle, id) = (Handle(process: process), Int(process.processIdentifier))
    }

    /// Waits until the output has a match, and returns its first group.
    package func firstMatch(of pattern: String) async throws -> String {
        let pattern = try Regex(pattern, as: (Substring, Substring).self)
        var found: String?
        let isFound = try await eventually {
            found = output.firstMatch(of: pattern).map { String($0.output.1) }
            return found != nil || !isAlive(id)
        }
        if isFound, found == nil { found = output.firstMatch(of: pattern).map { String($0.output.1) } }
        guard let found else { throw Failure(description: "the server did not start:\n\(output)") }
        return found
    }

    /// Ends the server as its user would, and waits for its end. What is left after 20 s is killed.
    package func end() { Self.end(id) }

    private static func end(_ id: Int) {
        let descendants = descendants(of: id)
        if isAlive(id) { kill(pid_t(id), SIGTERM) }
        let deadline = Date.now + 20
        while Date.now < deadline, isAlive(id) { usleep(20_000) }
        for process in [id] + descendants where isAlive(process) { kill(pid_t(process), SIGKILL) }
    }

    /// The servers that are ending. The process of the tests waits for them at its exit.
    private static let endings: DispatchGroup = {
        atexit { _ = ServerProcess.endings.wait(timeout: .now() + 25) }
        return DispatchGroup()
    }()

    /// Ends the server on another thread, because the shared pool has few threads and a server takes seconds to end.
    deinit {
        let (id, parts) = (id, (handle, folder))
        Self.endings.enter()
        Thread.detachNewThread {
            withExtendedLifetime(parts) { Self.end(id) }
            Self.endings.leave()
        }
    }

    /// Runs a program to its end, and returns what it has written without white space at the end; nil if it failed.
    ///
    /// A separate thread waits, because the shared pool has few threads.
    package static func output(of arguments: [String], environment: [String: String] = [:]) async throws -> String? {
        try await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Result { try wait(for: arguments, environment: environment) })
            }
        }.get()
    }

    private static func wait(for arguments: [String], environment: [String: String]) throws -> String? {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, pipe)
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return Array(bytes).text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Returns the processes whose ancestor a process is.
    package static func descendants(of process: Int) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [Int: [Int]] = [:]
        for id in names.compactMap({ Int($0) }) {
            if let parent = try? parent(of: id) { children[parent, default: []].append(id) }
        }
        var (found, waiting) = ([Int](), [process])
        while let next = waiting.popLast() {
            let those = children[next] ?? []
            found += those
            waiting += those
        }
        return found
    }
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

/// A server that answers as a test says, and keeps the requests.
package final class ScriptedServer: Sendable {
    /// A request that the server has received.
    package struct Request: Sendable {
        package let method: String
        package let path: String
        /// The header fields; their names are in lowercase.
        package let headers: [String: String]
        package let body: String
    }

    package let url: String
    private let process: ServerProcess
    private let requestLog: String

    /// Starts the server with rules in JSON, as `Tests/Fixtures/servers/scripted.py` describes them.
    package init(_ rules: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write(rules, to: "rules.json")
        requestLog = folder("requests.jsonl")
        process = try ServerProcess(
            ["python3", Repository.fixture("servers/scripted.py"), folder("rules.json"), requestLog],
            in: folder)
        url = try await process.firstMatch(of: "(http://\\S+)")
    }

    /// The requests, in order.
    package var requests: [Request] {
        get throws {
            let text = (try? String(contentsOfFile: requestLog, encoding: .utf8)) ?? ""
            return try text.split(separator: "\n").map { line in
                let parts = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any] ?? []
                let headers = parts[2] as? [String: String] ?? [:]
                return Request(
                    method: parts[0] as? String ?? "", path: parts[1] as? String ?? "",
                    headers: Dictionary(headers.map { ($0.key.lowercased(), $0.value) }) { $1 },
                    body: parts[3] as? String ?? "")
            }
        }
    }
}
