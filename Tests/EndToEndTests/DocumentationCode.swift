import Foundation
import GalleyTestSupport
import Testing

/// A block of Swift code in a document.
struct CodeBlock {
    let file: String
    /// The number of its first line, from 1.
    let line: Int
    let imports: [String]
    private let lines: [Substring]

    init(file: String, line: Int, _ lines: [Substring]) {
        self.file = file
        self.line = line
        imports = lines.prefix { $0.hasPrefix("import ") }.map(String.init)
        self.lines = Array(lines.dropFirst(imports.count).drop(while: \.isEmpty))
    }

    static func lines(of text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// Returns whether lines begin with the block, at any indentation.
    func stands(in source: ArraySlice<Substring>) -> Bool {
        guard let first = lines.first, let other = source.first, source.count >= lines.count else { return false }
        guard other.hasSuffix(first) else { return false }
        let margin = other.dropLast(first.count)
        guard margin.allSatisfy({ $0 == " " }) else { return false }
        return zip(lines, source).allSatisfy { line, other in line.isEmpty ? other.isEmpty : other == margin + line }
    }
}

/// The Swift code of the documentation.
enum DocumentationCode {
    static func text(of file: String) throws -> String {
        try String(contentsOfFile: Repository.root + "/" + file, encoding: .utf8)
    }

    /// Returns all Swift code in the README, in articles, and in comments of public modules.
    static func blocks() throws -> [CodeBlock] {
        var files = ["README.md"]
        for folder in ["Sources/Galley", "Sources/GalleyTesting"] {
            files += try FileManager.default.subpathsOfDirectory(atPath: Repository.root + "/" + folder).sorted()
                .map { folder + "/" + $0 }
        }
        return try files.flatMap { file in
            if file.hasSuffix(".md") { return fenced(CodeBlock.lines(of: try text(of: file)), in: file) }
            return file.hasSuffix(".swift") ? commented(CodeBlock.lines(of: try text(of: file)), in: file) : []
        }
    }

    /// Returns the fenced Swift blocks of a document.
    private static func fenced(_ lines: [Substring], in file: String) -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            if line == "```swift" {
                start = index + 1
            } else if line == "```", let begin = start {
                blocks.append(CodeBlock(file: file, line: begin + 1, Array(lines[begin..<index])))
                start = nil
            }
        }
        return blocks
    }

    /// Returns the indented and fenced blocks of documentation comments.
    private static func commented(_ lines: [Substring], in file: String) -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var block: [Substring] = []
        var isFenced = false
        for (index, line) in (lines + [""]).enumerated() {
            let comment = line.drop { $0 == " " }
            let text = comment.hasPrefix("///") ? comment.dropFirst(3) : nil
            let isFence = text?.drop { $0 == " " }.hasPrefix("```") == true
            if let text, !isFence, isFenced || text.hasPrefix("     ") || text.isEmpty && !block.isEmpty {
                block.append(text.dropFirst(isFenced ? 1 : 5))
                continue
            }
            if block.contains(where: { !$0.isEmpty }) {
                let length = block.reversed().drop(while: \.isEmpty).count
                blocks.append(CodeBlock(file: file, line: index - block.count + 1, Array(block.prefix(length))))
            }
            block = []
            if isFence { isFenced.toggle() }
        }
        return blocks
    }
}
