import Foundation
import GalleyTestSupport
import Testing

/// The release build of galley.
enum GalleyProgram {
    /// `Tests/run` builds it before it runs the tests.
    static let path = Repository.root + "/.build/release/galley"

    /// An environment in which galley finds only the kernels of the tests.
    static let environment = [
        "JUPYTER_PATH": Repository.kernels + "/share/jupyter", "PATH": Repository.kernels + "/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
    ]

    struct Run {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs galley to its end.
    static func run(
        _ arguments: [String], program: String = path, environment: [String: String]? = environment,
        in folder: TemporaryFolder? = nil,
        input: String? = nil
    ) async throws -> Run {
        try await start(
            arguments, program: program, environment: environment, in: folder, input: input, gate: gateOfWhole
        ).end()
    }

    /// Runs galley at a terminal, and creates files, one after the other, when texts have appeared there.
    static func watch(
        _ arguments: [String], in folder: TemporaryFolder, making files: KeyValuePairs<String, String> = [:]
    ) async throws -> Run {
        try await run(
            [Repository.fixture("terminal.py"), path] + arguments + files.flatMap { ["--when", $0.key, $0.value] },
            program: Repository.python, environment: environment.merging(["TERM": "xterm"]) { $1 }, in: folder)
    }

    /// Runs galley at a terminal of this size, and acts when texts have appeared on its screen, one after the other.
    ///
    /// - Returns: The lines of the screen, including those that have scrolled away.
    static func screen(
        _ arguments: [String], in folder: TemporaryFolder, size: String = "80x24",
        acting actions: KeyValuePairs<String, String> = [:], variables: [String: String] = ["TERM": "xterm"],
        program: String = path
    ) async throws -> (status: Int32, lines: [String]) {
        let run = try await run(
            [Repository.fixture("terminal.py"), "--screen", "--size", size, program] + arguments
                + actions.flatMap { ["--when", $0.key, $0.value] },
            program: Repository.python, environment: environment.merging(variables) { $1 }, in: folder)
        #expect(run.errors == "")
        let lines = run.output.split(separator: "\n").map { String($0).replacing(/\ +[0-9.]+ (m?s|min)\b/, with: " T") }
        return (run.status, lines)
    }

    /// Starts galley when a place is free: more runs at once would only overload the machine.
    static func start(
        _ arguments: [String], program: String = path, environment: [String: String]? = environment,
        in folder: TemporaryFolder? = nil, input: String? = nil, keepsInputOpen: Bool = false,
        gate: ConcurrencyLimit = subprocessLimit
    ) async throws -> RunningProgram {
        // Each finished run leaves a record.
        folder?.forgetRunsInTheEnd()
        await gate.enter()
        do {
            return try RunningProgram(
                arguments, program: program, environment: environment, in: folder, input: input,
                keepsInputOpen: keepsInputOpen, gate)
        } catch {
            await gate.leave()
            throw error
        }
    }

    /// Starts a program that no test waits for.
    static func begin(_ arguments: [String], program: String, in folder: TemporaryFolder) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        for stream in [\Process.standardInput, \.standardOutput, \.standardError] {
            process[keyPath: stream] = FileHandle.nullDevice
        }
        try RunningProgram.starting.withLock { try process.run() }
    }

    /// A test that has started one program may run another, so the two kinds have separate limits.
    private static let gateOfWhole = ConcurrencyLimit(room: 2)
    static let subprocessLimit = ConcurrencyLimit(room: 2)

    actor ConcurrencyLimit {
        private var room: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(room: Int) { self.room = room }

        func enter() async {
            if room > 0 { return room -= 1 }
            await withCheckedContinuation { waiting.append($0) }
        }

        func leave() {
            if waiting.isEmpty { room += 1 } else { waiting.removeFirst().resume() }
        }
    }

    /// A program that has not ended.
    final class RunningProgram: @unchecked Sendable {
        private let process = Process()
        /// The limit in which it has a place; nil once it has left.
        private var gate: ConcurrencyLimit?
        private var input: Pipe?
        private let output: Pipe
        private let errors: Pipe

        /// A child inherits pipes that are open for another child, whose reader would then wait for both.
        static let starting = NSLock()

        fileprivate init(
            _ arguments: [String], program: String, environment: [String: String]?, in folder: TemporaryFolder?,
            input: String?, keepsInputOpen: Bool, _ gate: ConcurrencyLimit
        ) throws {
            Self.starting.lock()
            defer { Self.starting.unlock() }
            (output, errors) = (Pipe(), Pipe())
            try #require(
                FileManager.default.isExecutableFile(atPath: program), "run Tests/run, or Notebooks/try, first")
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder.path) }
            if let environment { process.environment = environment }
            (process.standardOutput, process.standardError) = (output, errors)
            let pipe = Pipe()
            if keepsInputOpen { self.input = pipe }
            process.standardInput = input == nil && !keepsInputOpen ? FileHandle.nullDevice : pipe
            try process.run()
            if let input {
                try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                try pipe.fileHandleForWriting.close()
            }
            self.gate = gate
        }

        /// A test that fails early frees its place too.
        deinit {
            guard let gate else { return }
            kill(process.processIdentifier, SIGKILL)
            Task { await gate.leave() }
        }

        /// Waits for the end, and returns the peak memory in bytes.
        func peakMemory() async throws -> Int {
            var peak = 0
            while process.isRunning {
                // The value is in kilobytes, with the unit.
                let words = status("VmHWM")?.split(separator: " ")
                peak = max(peak, (words?.first.flatMap { Int($0) } ?? 0) * 1024)
                try await Task.sleep(for: .milliseconds(20))
            }
            return peak
        }

        /// Whether a signal is pending. A signal that is ignored and blocked, as in all programs that are started here,
        /// stays pending forever.
        func isPending(_ signal: Int32) -> Bool {
            func set(_ name: String) -> UInt64 { status(name).flatMap { UInt64($0, radix: 16) } ?? 0 }
            return (set("ShdPnd") & ~set("SigIgn")) >> UInt64(signal - 1) & 1 == 1
        }

        /// Returns a field of the process's status file; nil once it has ended.
        private func status(_ name: String) -> Substring? {
            let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            return status?.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split(separator: "\t").last
        }

        func send(_ signal: Int32) { kill(number, signal) }

        /// Its process ID.
        var number: pid_t { process.processIdentifier }

        /// Closes standard input, and waits for the end.
        func endInput() async throws -> Run {
            try input?.fileHandleForWriting.close()
            return try await end()
        }

        /// Waits for the end. The status of a signal is its negative number.
        ///
        /// A separate thread waits, because the shared pool has few threads and other tests need them.
        func end() async throws -> Run {
            let result = await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume(returning: Result { try self.wait() }) }
            }
            await gate?.leave()
            gate = nil
            return try result.get()
        }

        private func wait() throws -> Run {
            let read = try (output.fileHandleForReading.readToEnd(), errors.fileHandleForReading.readToEnd())
            process.waitUntilExit()
            return Run(
                status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
                output: String(decoding: read.0 ?? Data(), as: UTF8.self),
                errors: String(decoding: read.1 ?? Data(), as: UTF8.self))
        }
    }
}

extension TemporaryFolder {
    /// Removes the records of runs of its notebooks together with the folder.
    func forgetRunsInTheEnd() {
        beforeRemoval("records of runs") { [path] in NotebookInstance.forgetRuns(about: path) }
    }

    /// Writes a notebook whose code cells have outputs of an earlier run, in nbformat's own style.
    func write(
        _ sources: [String], to name: String = "a.ipynb", tags: [Int: [String]] = [:], kernel: String = "python3"
    ) throws {
        let cells: [[String: Any]] = sources.enumerated().map { index, source in
            [
                "cell_type": "code", "execution_count": 99, "id": "cell-\(index)",
                "metadata": tags[index].map { ["tags": $0] } ?? [:],
                "outputs": [["name": "stdout", "output_type": "stream", "text": ["old\n"]]], "source": source,
            ]
        }
        let notebook: [String: Any] = [
            "cells": cells, "metadata": ["kernelspec": ["display_name": "K", "language": "python", "name": kernel]],
            "nbformat": 4, "nbformat_minor": 5,
        ]
        let data = try JSONSerialization.data(withJSONObject: notebook, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func notebook(_ name: String = "a.ipynb") throws -> RunNotebook {
        try RunNotebook(Data(text(name).utf8))
    }

    /// The objects of a file of JSON lines, whose last line may be half written.
    func events(_ name: String) throws -> [[String: Any]] {
        try text(name).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }
}

/// A notebook after a run.
struct RunNotebook {
    let json: [String: Any]
    let cells: [[String: Any]]

    init(_ data: Data) throws {
        json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        cells = try #require(json["cells"] as? [[String: Any]])
    }

    var metadata: [String: Any] { json["metadata"] as? [String: Any] ?? [:] }

    /// The outputs of each cell in short: the text of a stream, the plain text of a display, the name of an error.
    var outputs: [[String]] {
        cells.map { cell in
            (cell["outputs"] as? [[String: Any]] ?? []).map { output in
                let text = output["text"] ?? (output["data"] as? [String: Any])?["text/plain"] ?? output["ename"] ?? "?"
                return (text as? [String])?.joined() ?? text as? String ?? "?"
            }
        }
    }

    var counts: [Int?] { cells.map { $0["execution_count"] as? Int } }

    /// Returns the value of the error that is the last output of a cell.
    func errorValue(_ cell: Int) -> String? {
        (cells[cell]["outputs"] as? [[String: Any]])?.last?["evalue"] as? String
    }
}

/// Returns the source of a cell that waits until a file exists.
func waiting(for file: String) -> String {
    "import os, time\nwhile not os.path.exists('\(file)'): time.sleep(0.01)"
}

/// Returns the processes whose environment contains a mark, and that are not zombies.
func processes(markedBy mark: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int.init).filter { process in
        guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
        return environment.range(of: Data(mark.utf8)) != nil
    }
}
