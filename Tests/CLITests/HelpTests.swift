import Foundation
import GalleyFlags
import GalleyTestSupport
import Testing

@testable import GalleyCLI

/// A text that is kept in a file, so that a change of it can be read.
struct Snapshot {
    private static let variable = "GALLEY_ACCEPT_DOCS"

    let path: String

    /// A help page or a list of errors.
    static func help(_ name: String) -> Snapshot {
        Snapshot(path: "Tests/Fixtures/help/\(name)")
    }

    /// An article of the documentation.
    static func article(_ name: String) -> Snapshot {
        Snapshot(path: "Sources/Galley/Galley.docc/\(name).md")
    }

    /// Compares a text with the file, or writes the file if the variable is set.
    func expect(_ text: String) throws {
        let file = URL(fileURLWithPath: Repository.root + "/" + path)
        if ProcessInfo.processInfo.environment[Self.variable] != nil {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        #expect(text == kept, "to accept it: \(Self.variable)=1 swift test --filter CLITests")
    }
}

@Suite struct `Help` {
    static let commands = CommandList.all.map(\.name)

    private func page(_ arguments: [String], columns: Int = 80) throws -> String {
        guard case .help(let page) = try Invocation(arguments) else {
            Issue.record("\(arguments) asks for no help")
            return ""
        }
        return page.text(columns: columns) + "\n"
    }

    @Test(arguments: commands)
    func `The help of a command fits on one screen, and both ways to it print the same`(command: String) throws {
        let text = try page([command, "--help"])
        #expect(try page([command, "-h"]) == text)
        // The topic of the same name follows, so the page does not refer to it.
        if command == "kernels" {
            let topic = "\n\nMore: galley help kernels\n"
            #expect(text.hasSuffix(topic))
            #expect(try page(["help", command]).hasPrefix(text.dropLast(topic.count) + "\n\nKERNELS\n"))
        } else {
            #expect(try page(["help", command]) == text)
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count <= 24)
        #expect(lines.allSatisfy { $0.count <= 80 && !$0.hasSuffix(" ") })
        #expect(try page(["--help"]).contains("\n  \(command) "))
        try Snapshot.help("galley-\(command).txt").expect(text)
    }

    @Test func `The main help lists the commands and the topics`() throws {
        let text = try page([])
        for arguments in [["help"], ["--help"], ["-h"]] { #expect(try page(arguments) == text) }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 25)
        for topic in HelpTopic.all { #expect(text.contains(topic.name)) }
        try Snapshot.help("galley.txt").expect(text)
    }

    @Test(arguments: HelpTopic.all.map(\.name))
    func `A help topic is an article of the documentation, to the letter`(name: String) throws {
        let topic = try #require(HelpTopic.all.first { $0.name == name })
        try Snapshot.article(topic.article).expect(topic.markdown)
        let text = try page(["help", name])
        // Code is not wrapped.
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("  ") && $0.count <= 102 })
        #expect(!text.contains("`") && !text.contains("## ") && !text.contains("<doc:") && !text.contains("| "))
        #expect(try page(["help", name], columns: 100).split(separator: "\n").contains { $0.count > 80 })
        try Snapshot.help("topic-\(name).txt").expect(text)
    }

    @Test(arguments: commands + [""])
    func `A command has a manual page`(command: String) throws {
        let text = try page(["help", "--man"] + (command.isEmpty ? [] : [command]))
        let description = CommandList.named(command)
        for flag in description?.flags ?? CommandList.options {
            for name in flag.names { #expect(text.contains(name.replacing("-", with: "\\-")), "\(name)") }
        }
        // The version changes with each release.
        let stable = text.replacing(/galley \d+\.\d+\.\d+/, with: "galley VERSION")
        try Snapshot.help(command.isEmpty ? "galley.1" : "galley-\(command).1").expect(stable)
    }

    @Test(arguments: Shell.allCases)
    func `A completion script contains every command and flag`(shell: Shell) throws {
        let text = try page(["completions", shell.rawValue])
        for command in CommandList.all {
            #expect(text.contains(command.name))
            for flag in command.flags where !(flag.names.first?.contains(".") ?? true) {
                var name = flag.names[0]
                if shell == .fish { name = name.replacing(/^--/, with: " -l ").replacing(/^-/, with: " -s ") }
                #expect(text.contains(name), "\(name)")
            }
        }
        try Snapshot.help("completions.\(shell.rawValue)").expect(text)
    }

    @Test(arguments: commands)
    func `A help page describes the flags that the command parses`(command: String) throws {
        let description = try #require(CommandList.named(command))
        for flag in description.flags {
            let line = [command] + [flag.names[0]] + (flag.example.map { [$0] } ?? [])
            do throws(UsageError) {
                _ = try Invocation(line)
            } catch {
                // An operand may be missing, but the flag is known.
                #expect(!error.problem.contains("is not an option"), "\(line): \(error)")
            }
        }
        for name in description.highlights { #expect(description.flags.contains { $0.names.contains(name) }) }
        for topic in description.topics { #expect(HelpTopic.all.contains { $0.name == topic }) }
    }

    @Test func `Help shows tables, lists and code without Markdown`() {
        let text = """
            # A *title*

            Some `code`, a [link](https://a.b), and <doc:Git> or <doc:Security>: **all** of it
            on one line.

            - an item of
              two lines
            - another

            | Name | Kind | Text |
            | --- | --- | --- |
            | a | b\\|c | d e f g h i j k l m n o p q r s t u |

                code  as it is

                after a blank
            """
        #expect(
            HelpMarkdown(text).lines(TextLayout(columns: 40)) == [
                "A *TITLE*", "", "Some code, a link, and 'galley help git'", "or the article Security: all of it on",
                "one line.", "", "  - an item of two lines", "  - another", "", "  Name  Kind  Text",
                "  a     b|c   d e f g h i j k l m n o p", "              q r s t u", "", "  code  as it is", "",
                "  after a blank",
            ])
    }
}
