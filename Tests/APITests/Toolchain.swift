import Foundation
import GalleyTestSupport
import Testing

/// The Swift toolchain that has built the tests.
enum Toolchain {
    /// Returns where a program of the toolchain is: in `PATH`, or beside the `swift` that is there; nil where it is in
    /// neither.
    static func program(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let beside = folders.map { $0 + "/swift" }.filter(FileManager.default.isExecutableFile).map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path
        }
        return (folders + beside).map { $0 + "/" + name }.first(where: FileManager.default.isExecutableFile)
    }

    /// The target triple, such as `x86_64-unknown-linux-gnu`.
    static let target = Task {
        struct Info: Decodable {
            struct Target: Decodable { var triple: String }
            var target: Target
        }
        let info = try await run("swiftc", ["-print-target-info"])
        return try JSONDecoder().decode(Info.self, from: Data(info.utf8)).target.triple
    }

    /// Runs a program of the toolchain, which has to succeed, and returns its output.
    @discardableResult
    static func run(_ name: String, _ arguments: [String]) async throws -> String {
        let path = try #require(program(name), "there is no \(name) where swift is")
        // The shared pool has few threads, so a separate thread waits.
        let (status, text) = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try wait(for: path, arguments) }) }
        }
        try #require(status == 0, "\(name) \(arguments.joined(separator: " ")): \(text)")
        return text
    }

    private static func wait(for path: String, _ arguments: [String]) throws -> (Int32, String) {
        let (process, output, folder) = (Process(), Pipe(), try TemporaryFolder())
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        // Warnings are no part of the answer.
        let errors = URL(fileURLWithPath: folder.path + "/errors")
        try Data().write(to: errors)
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        var text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        if process.terminationStatus != 0 { text += try Data(contentsOf: errors) }
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
