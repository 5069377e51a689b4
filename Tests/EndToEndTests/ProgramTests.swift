import Foundation
import Testing

@Suite struct `The program` {
    @Test func `tells its version`() throws {
        let run = try Program.run(["--version"])
        #expect(run.status == 0)
        #expect(run.output.wholeMatch(of: /galley \d+\.\d+\.\d+\n/) != nil)
        #expect(run.errors == "")
    }

    @Test func `refuses a command that it does not know, and says where to look`() throws {
        let run = try Program.run(["exceute"])
        #expect(run.status == 2)
        #expect(run.errors == "galley: 'exceute' is not a command. See 'galley --help'\n")
        #expect(run.output == "")
    }

    @Test func `needs no library of Swift to be installed`() throws {
        let libraries = try Program.run(["ldd", Program.path], program: "/usr/bin/env").output
        #expect(libraries.contains("libc.so"))
        #expect(!libraries.contains("libswift"))
        #expect(!libraries.contains("not found"))
    }
}

/// The program as it is shipped.
enum Program {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// `Tests/run` builds it before it runs the tests.
    static let path = root + "/.build/release/galley"

    struct Run {
        let status: Int32
        let output: String
        let errors: String
    }

    static func run(_ arguments: [String], program: String = path) throws -> Run {
        try #require(FileManager.default.isExecutableFile(atPath: program), "run Tests/run, or Notebooks/try, first")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let read = try (output.fileHandleForReading.readToEnd(), errors.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, output: String(decoding: read.0 ?? Data(), as: UTF8.self),
            errors: String(decoding: read.1 ?? Data(), as: UTF8.self))
    }
}
