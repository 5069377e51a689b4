import Foundation
import Testing

@Suite struct `The README` {
    private static func text() throws -> String {
        try String(contentsOfFile: Program.root + "/README.md", encoding: .utf8)
    }

    /// The blocks of a terminal: each command with what it prints.
    private static func sessions() throws -> [(command: String, output: [String])] {
        var found: [(String, [String])] = []
        var isInBlock = false
        for line in try text().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("    $ ") {
                found.append((String(line.dropFirst(6)), []))
                isInBlock = true
            } else if isInBlock, line.hasPrefix("    ") || line.isEmpty {
                found[found.count - 1].1.append(String(line.dropFirst(4)))
            } else {
                isInBlock = false
            }
        }
        return found
    }

    /// What may differ from run to run left out: times, and what pads them.
    private func comparable(_ lines: some Sequence<some StringProtocol>) -> [String] {
        lines.map { String($0).replacing(/(\]|in)\ +[0-9.]+ m?s\b/, with: "TIME") }.reversed().drop(while: \.isEmpty)
            .reversed()
    }

    @Test func `shows what is really printed`() async throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/Notebooks", withIntermediateDirectories: false)
        let hello = try String(contentsOfFile: Program.root + "/Notebooks/hello.ipynb", encoding: .utf8)
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
                let run = try await Program.run(Array(words.dropFirst()), in: folder)
                func plain(_ lines: some Sequence<some StringProtocol>) -> [String] {
                    lines.map { String($0).replacing(/report-\w{4}|runs-\d+/, with: "RUN") }.filter { !$0.isEmpty }
                }
                let lines = run.output.split(separator: "\n")
                #expect(plain(lines) == plain(output))
                #expect(try await Program.run(["wait", String(try #require(lines.first))]).status == 0)
                count += 1
            case "galley" where words.contains("notebooks/"):
                try Self.prepareMany(in: folder)
                let run = try await Program.run(Array(words.dropFirst()), in: folder)
                status = run.status
                // They end as they like, and so do the times.
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
                let run = try await Program.run(Array(words.dropFirst()), in: folder)
                status = run.status
                #expect(
                    comparable(run.errors.split(separator: "\n", omittingEmptySubsequences: false))
                        == comparable(output))
                count += 1
            case "echo": #expect(output.first == "\(status)")
            default: break
            }
        }
        #expect(count == 4)
    }

    private static func prepareMany(in folder: Folder) throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/notebooks", withIntermediateDirectories: false)
        try folder.write(["1"], to: "notebooks/clean.ipynb")
        try folder.write(
            ["row = {'amount': 1}", "columns = list(row)\ntotal = row[\"price\"] * 2", "3"],
            to: "notebooks/model.ipynb")
        try folder.write(["import time; time.sleep(1)"], to: "notebooks/plots.ipynb")
    }

    @Test func `names options that there are`() async throws {
        let article = try Documents.text(of: "Sources/Galley/Galley.docc/FromATerminal.md")
        let words = (try Self.text() + article).split { " `\n(".contains($0) }.filter { $0.hasPrefix("--") }
        let options = Set(words.map { String($0.prefix { $0 == "-" || $0.isLetter }) }).filter {
            $0.contains(where: \.isLetter)
        }
        #expect(options.count > 15)
        var help = ""
        for arguments in [
            ["execute", "--help"], ["help", "background"], ["clean", "--help"], ["--help"],
            ["help", "batch"], ["check", "--help"],
        ] {
            help += try await Program.run(arguments).output
        }
        let others: Set = ["--to", "--execute", "--ExecutePreprocessor"]
        for option in options.subtracting(others) { #expect(help.contains(option) == true, "\(option)") }
    }
}
