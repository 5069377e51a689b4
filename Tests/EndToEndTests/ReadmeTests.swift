import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The README and the articles` {
    /// The articles that the program prints too.
    private static let topics = [
        "BackgroundRuns", "Batches", "Compatibility", "ExitStatuses", "Files", "Git", "Kernels", "Limits",
        "NotebookParameters", "NotebookResults", "ObjectStores", "Selection", "Servers",
    ].map { "Sources/Galley/Galley.docc/\($0).md" }

    /// The files that name options.
    private static let documents =
        topics + ["FromATerminal", "Security", "Versions"].map { "Sources/Galley/Galley.docc/\($0).md" } + ["README.md"]

    /// The terminal sessions of the README and of the articles: each command with its output.
    private static func sessions() throws -> [(command: String, output: [String])] {
        try (["README.md"] + topics).flatMap { sessions(in: try DocumentationCode.text(of: $0)) }
    }

    private static func sessions(in text: String) -> [(command: String, output: [String])] {
        var found: [(command: String, output: [String])] = []
        var isFenced = false
        var isInSession = false
        for line in CodeBlock.lines(of: text) {
            if line.hasPrefix("```") {
                isFenced.toggle()
                isInSession = false
            } else if isFenced || line.hasPrefix("    ") || line.isEmpty {
                let content = isFenced ? line : line.dropFirst(4)
                if content.hasPrefix("$ ") {
                    found.append((String(content.dropFirst(2)), []))
                    isInSession = true
                } else if isInSession {
                    found[found.count - 1].output.append(String(content))
                }
            } else {
                isInSession = false
            }
        }
        return found
    }

    /// Returns a text without times and their padding.
    private func comparable(_ lines: some Sequence<some StringProtocol>) -> [String] {
        lines.map { String($0).replacing(/(\]|in)\ +[0-9.]+ m?s\b/, with: "TIME") }.reversed().drop(while: \.isEmpty)
            .reversed()
    }

    @Test func `The README shows real output`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/Notebooks", withIntermediateDirectories: false)
        let hello = try String(contentsOfFile: Repository.root + "/Notebooks/hello.ipynb", encoding: .utf8)
        try folder.write(hello, to: "Notebooks/hello.ipynb")
        try folder.write(
            ["prices = [3, 5, 0]", "total = sum(prices)\nshare = total / prices[2]", "print(share)"],
            to: "report.ipynb")
        var status: Int32 = 0
        var count = 0
        for (command, output) in try Self.sessions() {
            let words = command.split(separator: " ").map(String.init)
            switch words.first {
            case "galley" where words.contains("--detach"):
                try folder.write(["1"], to: "report.ipynb")
                let run = try await GalleyProgram.run(Array(words.dropFirst()), in: folder)
                func plain(_ lines: some Sequence<some StringProtocol>) -> [String] {
                    lines.map { String($0).replacing(/report-\w{4}|runs-\d+/, with: "RUN") }.filter { !$0.isEmpty }
                }
                let lines = run.output.split(separator: "\n")
                #expect(plain(lines) == plain(output))
                #expect(try await GalleyProgram.run(["wait", String(try #require(lines.first))]).status == 0)
                count += 1
            case "galley" where words.contains("notebooks/"):
                try Self.prepareMany(in: folder)
                let run = try await GalleyProgram.run(Array(words.dropFirst()), in: folder)
                status = run.status
                // The end of the line and the times may differ.
                func plain(_ lines: some Sequence<some StringProtocol>) -> [String] {
                    lines.map {
                        String($0).replacing(/[0-9.]+ +m?s\b/, with: "TIME").replacing(/^\[\d\/| +/, with: " ")
                    }
                    .filter { !$0.isEmpty }.sorted()
                }
                #expect(plain(run.errors.split(separator: "\n")) == plain(output))
                #expect(folder.names.contains("junit.xml") && folder.names.contains("report.html"))
                count += 1
            case "galley" where words[1] == "execute":
                let run = try await GalleyProgram.run(Array(words.dropFirst()), in: folder)
                status = run.status
                #expect(
                    comparable(run.errors.split(separator: "\n", omittingEmptySubsequences: false))
                        == comparable(output))
                count += 1
            case "echo": #expect(output.first == "\(status)")
            default: break
            }
        }
        #expect(count == 5)
    }

    private static func prepareMany(in folder: TemporaryFolder) throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/notebooks", withIntermediateDirectories: false)
        try folder.write(["1"], to: "notebooks/clean.ipynb")
        try folder.write(
            ["row = {'amount': 1}", "columns = list(row)\ntotal = row[\"price\"] * 2", "3"],
            to: "notebooks/model.ipynb")
        try folder.write(["import time; time.sleep(1)"], to: "notebooks/plots.ipynb")
    }

    @Test(arguments: documents)
    func `The documents name only options that exist`(document: String) async throws {
        let words = try DocumentationCode.text(of: document).split { " `\n(".contains($0) }.filter {
            $0.hasPrefix("--")
        }
        let options = Set(words.map { String($0.prefix { $0 == "-" || $0.isLetter }) }).filter {
            $0.contains(where: \.isLetter)
        }
        #expect(!options.isEmpty)
        var help = ""
        for arguments in [
            ["--help"], ["version", "--help"], ["clean", "--help"], ["export", "--help"], ["help", "background"],
            ["help", "options"],
        ] {
            help += try await GalleyProgram.run(arguments).output
        }
        // Options of other programs, and those that Galley refuses with a reason.
        let others: Set = [
            "--to", "--execute", "--ExecutePreprocessor", "--config", "--clear-output", "--log-output", "--filter",
            "--engine", "--autosave-cell-every", "--request-save-on-cell-execute", "--ZMQChannelsWebsocketConnection",
        ]
        for option in options.subtracting(others) { #expect(help.contains(option), "\(option)") }
    }

    @Test func `are short enough to read, and plain enough for a terminal`() throws {
        #expect(CodeBlock.lines(of: try DocumentationCode.text(of: "README.md")).count <= 151)
        for topic in Self.topics {
            let lines = CodeBlock.lines(of: try DocumentationCode.text(of: topic))
            #expect(lines.count <= 91 && lines[0].hasPrefix("# "), "\(topic)")
            for line in lines { #expect(line.count <= 100 && !line.contains("<doc:"), "\(topic): \(line)") }
        }
    }
}
