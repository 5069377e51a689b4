import Foundation
import GalleyTestSupport
import Testing

/// A pattern of source lines, and the modules that may contain them.
struct Rule: Sendable, CustomTestStringConvertible {
    let subject: String
    let pattern: String
    let rooms: [String]
    var testDescription: String { subject }

    static let all = [
        Rule("escapes and the spelling of numbers", #"hexadecimal\(at|\\\\u|Infinity"#, ["JSON", "Parameters"]),
        Rule("the format's own words", #"cell_type|output_type|(?<![-.])nbformat"#, ["Notebook"]),
        Rule("tags, and what has an id: a cell, a run", #""id"|"tags""#, ["Notebook", "Runs", "JupyterServer"]),
        Rule("how files are replaced", #"\b(rename|renameat|fsync|fchown|fchmod|linkat)\("#, ["Storage", "CLinux"]),
        Rule("the protocol's own words", #"msg_id|msg_type|(?<!\d)_request""#, ["JupyterProtocol", "GalleyTesting"]),
        Rule("how ZeroMQ carries messages", #"zmq_|ZMQ_|<IDS"#, ["ZeroMQTransport"]),
        Rule("how messages and requests are signed", #"hmacsha256"#, ["ZeroMQTransport", "ObjectStorage"]),
        Rule(
            "processes and how they are started", #"pid_t|waitpid"#,
            ["LocalKernels", "AttachedKernels", "Runs", "ObjectStorage", "CLinux"]),
        Rule("how kernels are described", #"kernel\.json|"argv""#, ["LocalKernels"]),
        Rule(
            "memory that Swift does not watch over", #"\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer"#,
            ["Storage", "ZeroMQTransport", "Parameters", "HTTP"]),
        Rule("Foundation, which is slow to load", #"\bimport Foundation"#, []),
        Rule(
            "casts to one kind of store or kernel",
            #"\b(is|as\?|as!|as) (any )?(LocalFile|StandardStreams|DiscardingStore|MemoryStore|(Local|Attached|Scripted|Server)Kernels?)\b"#,
            []),
        Rule("continuations", #"with(Checked|Unsafe)(Throwing)?Continuation|CheckedContinuation"#, ["Concurrency"]),
        Rule("limits as the engine counts them", #"\.(cellLimit|totalLimit|idleLimit)\b"#, ["Execution", "Galley"]),
        Rule("what a person sees at a terminal", #"isatty|\bexit\(|STDERR_FILENO"#, ["CLI"]),
    ]

    init(_ subject: String, _ pattern: String, _ rooms: [String]) {
        (self.subject, self.pattern, self.rooms) = (subject, pattern, rooms)
    }
}

/// The modules that each module may import.
private let imports: [String: Set<String>] = [
    "Spelling": [], "Concurrency": ["CLinux"], "CLinux": [], "JSON": [],
    "Notebook": ["JSON"], "Parameters": ["JSON", "Notebook", "CYAML"], "Storage": ["CLinux"],
    "JupyterProtocol": ["Concurrency", "JSON"],
    "ZeroMQTransport": ["Concurrency", "JSON", "JupyterProtocol", "CZeroMQ", "CSodium"],
    "LocalKernels": ["Concurrency", "Spelling", "JSON", "JupyterProtocol", "ZeroMQTransport", "CLinux"],
    "AttachedKernels": ["Concurrency", "JSON", "JupyterProtocol", "ZeroMQTransport", "CLinux"],
    "HTTP": ["Concurrency", "JSON", "CLinux", "CCurl"],
    "JupyterServer": ["Concurrency", "JSON", "CLinux", "Storage", "JupyterProtocol", "HTTP"],
    "ObjectStorage": ["Concurrency", "JSON", "CLinux", "CSodium", "Storage", "HTTP"],
    "GalleyTesting": ["Concurrency", "JSON", "JupyterProtocol"],
    "Execution": ["Concurrency", "JSON", "Notebook", "Parameters", "JupyterProtocol"],
    "Flags": ["Spelling"],
    "Galley": [
        "Concurrency", "Flags", "JSON", "Notebook", "Parameters", "Storage", "JupyterProtocol", "LocalKernels",
        "AttachedKernels", "JupyterServer", "ObjectStorage", "Execution",
    ],
    "Papermill": ["JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "Galley"],
    "Rendering": ["JSON", "Notebook", "Execution", "CCmark"], "Comparison": ["JSON", "Notebook", "Execution", "CZlib"],
    "Reports": ["JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "Galley", "Rendering"],
    "Export": ["JSON", "Notebook", "JupyterProtocol", "Execution", "Rendering", "Comparison"],
    "RunFiles": ["Concurrency", "CLinux", "Storage", "Execution", "Galley"],
    "Supervisor": ["CLinux", "Storage"], "Runs": ["JSON", "CLinux", "Storage", "JupyterProtocol"],
    "CLI": [
        "Concurrency", "Spelling", "Flags", "JSON", "Notebook", "Parameters", "Storage", "JupyterProtocol",
        "LocalKernels", "AttachedKernels", "JupyterServer", "ObjectStorage", "Execution", "Galley", "Papermill",
        "Comparison", "Rendering", "Export", "Reports", "RunFiles", "Runs", "Supervisor", "CLinux",
    ],
]

@Suite struct `The source tree` {
    @Test func `A module imports only modules declared before it`() throws {
        var rooms: Set<String> = []
        for file in try Tree.sources() where file.path.hasSuffix(".swift") {
            rooms.insert(file.room)
            let allowed = try #require(imports[file.room], "\(file.room) is not in the table")
            for (number, line) in file.code {
                guard let match = line.firstMatch(of: /^(?:@_exported |public |package )*import Galley(\w*)/) else {
                    continue
                }
                let room = match.1.isEmpty ? "Galley" : String(match.1)
                #expect(allowed.contains(room), "\(file.path):\(number): \(file.room) does not use \(room)")
            }
        }
        #expect(rooms == Set(imports.keys).subtracting(["CLinux"]))
    }

    @Test func `Only Rooms.swift of the CLI names attached kernels`() throws {
        for file in try Tree.sources() where file.room == "CLI" && !file.path.hasSuffix("/Rooms.swift") {
            for (number, line) in file.code {
                #expect(!line.contains("AttachedKernels"), "\(file.path):\(number): Rooms.swift chooses among rooms")
            }
        }
    }

    @Test(arguments: Rule.all)
    func `Each concern stays in its own module`(rule: Rule) throws {
        let pattern = try NSRegularExpression(pattern: rule.pattern)
        var found: Set<String> = []
        // Help topics are prose.
        for file in try Tree.sources() where !file.path.contains("/Help/Topics/") {
            for (number, line) in file.code {
                guard pattern.firstMatch(in: line, range: NSRange(line.startIndex..., in: line)) != nil else {
                    continue
                }
                found.insert(file.room)
                #expect(
                    rule.rooms.contains(file.room),
                    "\(file.path):\(number): \(rule.subject) belong in \(rule.rooms.isEmpty ? "no room" : rule.rooms.joined(separator: ", ")): \(line)"
                )
            }
        }
        // A pattern without a match would check nothing.
        #expect(rule.rooms.isEmpty == found.isEmpty)
    }

    @Test func `A source file has at most four hundred lines`() throws {
        for file in try Tree.sources() { #expect(file.lines.count <= 400, "\(file.path)") }
    }

    @Test func `No folder or file is named Utilities, Helpers or the like`() throws {
        let drawers: Set = ["Utilities", "Helpers", "Core", "Common", "Extras", "Errors", "Models", "Extensions"]
        for file in try Tree.sources() {
            #expect(drawers.isDisjoint(with: file.path.split(separator: "/").map(String.init)), "\(file.path)")
        }
    }

    @Test func `The top level has only the documented files`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Repository.root).filter { !$0.hasPrefix(".") }
        #expect(Set(names) == ["Notebooks", "Package.swift", "README.md", "Sources", "Tests"])
    }
}

struct SourceFile {
    let path: String
    let lines: [String]
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    /// The lines that are not comments, counted from 1.
    var code: [(Int, String)] {
        zip(1..., lines).filter { !$0.1.drop { $0 == " " }.hasPrefix("//") }
    }
}

enum Tree {
    static func sources() throws -> [SourceFile] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Repository.root + "/Sources")
            .filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }
        try #require(files.count > 20)
        return try files.sorted().map { file in
            let text = try String(contentsOfFile: Repository.root + "/Sources/" + file, encoding: .utf8)
            return SourceFile(
                path: "Sources/" + file,
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    /// The sources, tests, documents and scripts, by their paths from the root.
    static let textFiles: [String] = {
        let folders = ["Sources", "Tests", "Notebooks", ".github", ".ci"]
        let files = folders.flatMap { folder in
            (FileManager.default.subpaths(atPath: Repository.root + "/" + folder) ?? []).map { folder + "/" + $0 }
        }
        let types: Set = ["swift", "md", "c", "h", "sh", "py", "yml", ""]
        return (files + ["README.md", "Package.swift"])
            .filter { types.contains(URL(fileURLWithPath: $0).pathExtension) && !$0.contains("/.build/") }
            .sorted()
    }()
}
