import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import Testing

/// Kernels for the tests: those that do one thing wrong, and real ones.
enum Fixture {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The environment that `Tests/run` makes.
    static let python = root + "/.build/python/bin/python3"

    /// A kernel of `Tests/Fixtures/kernels/fixture.py`.
    static func spec(_ mode: String, interruptMode: KernelSpec.InterruptMode = .signal) -> KernelSpec {
        KernelSpec(
            name: mode, displayName: mode, language: "fixture",
            arguments: [python, root + "/Tests/Fixtures/kernels/fixture.py", mode, "{connection_file}"],
            interruptMode: interruptMode, folder: root + "/Tests/Fixtures/kernels")
    }

    /// Finds the kernels that are installed for the tests, and those of the system.
    static func finder(environment: String = "python") -> KernelFinder {
        KernelFinder(environment: [
            "JUPYTER_PATH": "\(root)/.build/\(environment)/share/jupyter", "PATH": "/usr/bin:/bin",
        ])
    }
}

extension LocalKernel {
    /// Runs code and returns what it printed.
    func run(_ code: String, patience: Duration = .seconds(5)) async throws -> (
        text: String, reply: Message, hasLoss: Bool
    ) {
        var text = ""
        let (reply, hasLoss) = try await perform(session.executeRequest(code, allowsInput: true), patience: patience) {
            message in
            if message.type == "stream" { text += message.content["text"]?.string ?? "" }
        }
        return (text, reply, hasLoss)
    }

    /// Runs code until it prints something, and returns that.
    func begin(_ code: String) async throws -> String {
        // Or the kernel would discard what is asked while it is still getting over the error.
        send(session.executeRequest(code, stopsOnError: false))
        for try await message in messages where message.type == "stream" {
            return message.content["text"]?.string ?? ""
        }
        return ""
    }
}

/// Whether a process is there and not a zombie that nobody has buried.
func isAlive(_ process: Int) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}

/// The process whose child a process is.
func parent(of process: Int) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return Int(text.split(separator: ")").last?.split(separator: " ").dropFirst().first ?? "") ?? 0
}

/// Waits until something is true, for as long as it may take on a busy machine.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try condition()
}

/// A folder of a test's own for what kernels need while they run.
final class Scratch {
    let path = "/tmp/scratch-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Options that put there what would be put in the system's folder.
    var options: KernelOptions {
        var options = KernelOptions()
        options.environment["XDG_RUNTIME_DIR"] = path
        return options
    }

    /// What is there.
    var remains: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}

func failure(_ body: () async throws -> Void) async -> KernelFailure? {
    do {
        try await body()
    } catch let error as KernelFailure {
        return error
    } catch {
        Issue.record(error)
    }
    return nil
}
