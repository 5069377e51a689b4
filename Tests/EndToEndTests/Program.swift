import Foundation
import Testing

/// The program as it is shipped.
enum Program {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// `Tests/run` builds it before it runs the tests.
    static let path = root + "/.build/release/galley"

    /// Another program, which is built with the tests and lies beside them.
    static func besideTests(_ name: String) -> String {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().path + "/" + name
    }

    /// The Python that `Tests/run` makes, in which the kernels are.
    static let python = root + "/.build/python/bin/python"

    /// Variables with which the program finds the kernels of the tests and nothing else.
    static let environment = [
        "JUPYTER_PATH": root + "/.build/python/share/jupyter", "PATH": root + "/.build/python/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
    ]

    struct Run {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String], program: String = path, environment: [String: String]? = environment,
        in folder: Folder? = nil,
        input: String? = nil
    ) async throws -> Run {
        try await start(
            arguments, program: program, environment: environment, in: folder, input: input, gate: gateOfWhole
        ).end()
    }

    /// Runs it to its end at a terminal, where a file is made when a text has been seen, one after the other.
    static func watch(
        _ arguments: [String], in folder: Folder, making files: KeyValuePairs<String, String> = [:]
    ) async throws -> Run {
        try await run(
            [root + "/Tests/Fixtures/terminal.py", path] + arguments + files.flatMap { ["--when", $0.key, $0.value] },
            program: python, environment: environment.merging(["TERM": "xterm"]) { $1 }, in: folder)
    }

    /// Starts it, when there is room: more runs at once than the machine can carry would tell of nothing but the machine.
    static func start(
        _ arguments: [String], program: String = path, environment: [String: String]? = environment,
        in folder: Folder? = nil, input: String? = nil, keepsInputOpen: Bool = false, gate: Gate = gateOfParts
    ) async throws -> Running {
        if !Set(arguments).isDisjoint(with: ["--detach", "--status"]) { folder?.hasRuns = true }
        await gate.enter()
        do {
            return try Running(
                arguments, program: program, environment: environment, in: folder, input: input,
                keepsInputOpen: keepsInputOpen, gate)
        } catch {
            await gate.leave()
            throw error
        }
    }

    /// Starts a program whose end nothing waits for.
    static func begin(_ arguments: [String], program: String, in folder: Folder) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        for stream in [\Process.standardInput, \.standardOutput, \.standardError] {
            process[keyPath: stream] = FileHandle.nullDevice
        }
        try Running.starting.withLock { try process.run() }
    }

    /// Whoever has started one may wait for the end of another: they must not wait at one gate.
    private static let gateOfWhole = Gate(room: 2)
    static let gateOfParts = Gate(room: 2)

    actor Gate {
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

    /// A run that has not ended.
    final class Running: @unchecked Sendable {
        private let process = Process()
        /// Where it takes a place; nil once it has left that to somebody else.
        private var gate: Gate?
        private var input: Pipe?
        private let output: Pipe
        private let errors: Pipe

        /// A child inherits the pipes that are made for another while it is started, and whoever reads those waits for it.
        static let starting = NSLock()

        fileprivate init(
            _ arguments: [String], program: String, environment: [String: String]?, in folder: Folder?,
            input: String?, keepsInputOpen: Bool, _ gate: Gate
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

        /// A test that failed before it waited for the end leaves its place to others all the same.
        deinit {
            guard let gate else { return }
            kill(process.processIdentifier, SIGKILL)
            Task { await gate.leave() }
        }

        /// Waits for its end, and returns the most memory that it had, in bytes.
        func peakMemory() async throws -> Int {
            var peak = 0
            while process.isRunning {
                // A number of kilobytes, which says so.
                let words = status("VmHWM")?.split(separator: " ")
                peak = max(peak, (words?.first.flatMap { Int($0) } ?? 0) * 1024)
                try await Task.sleep(for: .milliseconds(20))
            }
            return peak
        }

        /// Whether a signal that it was sent still waits for it. One that is ignored waits for ever where it is blocked too,
        /// as in all that is started here.
        func isPending(_ signal: Int32) -> Bool {
            func set(_ name: String) -> UInt64 { status(name).flatMap { UInt64($0, radix: 16) } ?? 0 }
            return (set("ShdPnd") & ~set("SigIgn")) >> UInt64(signal - 1) & 1 == 1
        }

        /// What the system says of it; nil once it has ended.
        private func status(_ name: String) -> Substring? {
            let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            return status?.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split(separator: "\t").last
        }

        func send(_ signal: Int32) { kill(number, signal) }

        /// Its number.
        var number: pid_t { process.processIdentifier }

        /// Closes its standard input, and waits for its end.
        func endInput() async throws -> Run {
            try input?.fileHandleForWriting.close()
            return try await end()
        }

        /// Waits for its end; a signal that ended it is the negative of its number.
        ///
        /// Nobody waits in the threads that all tasks share: there are two, and other tests need them.
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

/// A folder for one test, which is gone after it.
final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "galley-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    /// Takes a folder that is there already.
    init(owning path: String) { self.path = path }

    /// Whether runs of its notebooks have been in the background, of which something is told elsewhere.
    var hasRuns = false

    deinit {
        if hasRuns { Instance.forgetRuns(about: path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The files in it, those whose names begin with a dot too.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path + "/" + name, atomically: false, encoding: .utf8)
    }

    /// Writes a notebook whose code cells hold what an earlier run left, in nbformat's own form.
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

/// A notebook as it was left.
struct RunNotebook {
    let json: [String: Any]
    private let cells: [[String: Any]]

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

    /// What the last output of a cell says, where it is an error.
    func errorValue(_ cell: Int) -> String? {
        (cells[cell]["outputs"] as? [[String: Any]])?.last?["evalue"] as? String
    }
}

/// The source of a cell that waits until a file is there.
func waiting(for file: String) -> String {
    "import os, time\nwhile not os.path.exists('\(file)'): time.sleep(0.01)"
}

/// Waits until something is so, which nothing tells; returns whether it came to be.
///
/// A machine that others use too may take its time; who waits for what comes waits no longer for that.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    let end = Date().addingTimeInterval(120)
    while Date() < end {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try condition()
}

/// The processes that were started with a variable of this value, and are not zombies.
func processes(markedBy mark: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int.init).filter { process in
        guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
        return environment.range(of: Data(mark.utf8)) != nil
    }
}
