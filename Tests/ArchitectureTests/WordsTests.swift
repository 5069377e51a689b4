import Foundation
import GalleyTestSupport
import Testing

/// A word that makes a reader guess who acts, or what happens.
struct VagueWord: Sendable, CustomTestStringConvertible {
    let pattern: String
    var testDescription: String { pattern }

    static let all = [
        #"\b(some|no|any|every)body\b"#, #"\b(who|whom|what)ever\b"#,
        #"\b(is|are|was|were|be|been) told\b"#, #"\btells? of\b"#, #"\b(told|said|known) of\b"#,
        #"\bhear(s|ing)? of\b"#,
        #"\bhowever (that|it|a|the)\b"#, #"\bdeaf\b"#, #"\b(those|all|they) alone\b"#, #"\blet(s|ting)? go\b"#,
        #"\bcomes? to that\b"#, #"\bmakes? no difference\b"#, #"\bin peace\b"#, #"\btaken in by\b"#, #"\bto be had\b"#,
        #"\baffairs?\b"#, #"\bsend home\b"#,
    ].map { VagueWord(pattern: $0) }
}

/// Text that may hold a vague word, and the reason.
private let exceptions: [(text: String, reason: String)] = [
    ("nobody-at-all", "the name of a user who does not exist"),
    ("nobody-of-this-name", "the name of a user who does not exist"),
    ("'of nobody'", "the name of a comm target that no frontend has"),
    ("\"nobody\"", "the name of an account"),
]

@Suite struct `The prose of the project` {
    /// The comments and literals of source files, and the text of documents.
    private static let prose: [(place: String, text: String)] = {
        var prose: [(String, String)] = []
        for path in Tree.textFiles {
            guard let text = try? String(contentsOfFile: Repository.root + "/" + path, encoding: .utf8) else {
                continue
            }
            var isCode = false
            for (number, line) in zip(1..., text.split(separator: "\n", omittingEmptySubsequences: false)) {
                let line = String(line)
                if path.hasSuffix(".md") {
                    if line.hasPrefix("```") {
                        isCode.toggle()
                    } else if !isCode {
                        prose.append(("\(path):\(number)", line))
                    }
                } else if path.hasSuffix(".swift") || path.hasSuffix(".c") || path.hasSuffix(".h") {
                    for part in line.matches(of: /\/\/.*|"(?:[^"\\]|\\.)*"|`[^`]* [^`]*`/) {
                        prose.append(("\(path):\(number)", String(part.output)))
                    }
                } else if line.contains("#") || line.contains("\"") {
                    prose.append(("\(path):\(number)", line))
                }
            }
        }
        return prose
    }()

    @Test(arguments: VagueWord.all) func `The prose does not contain the vague word`(word: VagueWord) throws {
        let pattern = try NSRegularExpression(pattern: word.pattern, options: .caseInsensitive)
        for (place, text) in Self.prose where !place.hasPrefix("Tests/ArchitectureTests/WordsTests.swift") {
            let isFound = pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
            let isException = exceptions.contains { text.contains($0.text) }
            #expect(!isFound || isException, "\(place): \(text)")
        }
    }

    @Test func `The prose of sources, tests, documents and scripts is checked`() {
        for place in ["Sources/CLI/", "Sources/CLinux/", "Tests/run", "README.md", ".github/"] {
            #expect(Self.prose.contains { $0.place.hasPrefix(place) }, "\(place)")
        }
    }
}
