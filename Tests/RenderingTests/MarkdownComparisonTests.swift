import Foundation
import GalleyRendering
import GalleyTestSupport
import Testing

/// The program of cmark-gfm, with the examples of the specification in its documentation.
private enum Cmark {
    static let isInstalled = FileManager.default.fileExists(atPath: "/usr/bin/cmark-gfm")

    /// The Markdown of the specification's examples; empty if this machine keeps no documentation of packages.
    static let examples: [String] = {
        guard let text = try? run("/bin/zcat", ["-f", "/usr/share/doc/cmark-gfm/spec.txt.gz"]) else { return [] }
        let fence = String(repeating: "`", count: 32)
        return text.components(separatedBy: "\n\(fence) example").dropFirst().compactMap { part in
            let lines = part.components(separatedBy: "\n")
            guard let end = lines.firstIndex(of: ".") else { return nil }
            return lines[1..<end].map { $0.replacing("→", with: "\t") + "\n" }.joined()
        }
    }()

    static func html(of markdown: String) throws -> String {
        try run(
            "/usr/bin/cmark-gfm",
            ["--unsafe"] + ["table", "strikethrough", "autolink", "tasklist"].flatMap { ["-e", $0] }, input: markdown)
    }

    private static func run(_ program: String, _ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (source, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (source, output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try source.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }
}

@Suite(.slow, .enabled(if: Cmark.isInstalled, "cmark-gfm is not installed")) struct `Markdown beside cmark-gfm` {
    /// Texts of what notebooks contain.
    static let texts = [
        "# A *b* `c`\n\ntext\nmore  \nline\\\nend", "- [x] a\n- [ ] b\n\n1. c\n   - d\n\n     e\n2. f",
        "3) a\n4) b\n\n\n* c",
        "| a | b |\n|:-:|--:|\n| *1* | `2` |\n| [x](https://x.org) |\n| 1 | 2 | 3 |\n\nafter",
        "www.x.org, https://x.org/a_b. me@x.org ~~gone~~ ~a~",
        "> a\n> > b\nc\n\n---\n***bold** it*", "```python\nx = 1\n```\n\n~~~ {.r}\ny\n~~~\n\n    z\n",
        "![a *b*](https://x.org/i.png \"t\") [r] [R][] [s][r]\n\n[r]: <https://x.org/r> 'T'",
        "<div class=\"x\">\n\n*a*\n\n</div>\n\n<details><summary>S</summary>\n\n- a\n\n</details>",
        "a <b>b</b> <!-- c --> <span style=\"color:red\">*d*</span> &copy; &notit; &#65;",
        "<table>\n<tr><td>\n\n**a**\n\n</td></tr>\n</table>", "a[^1]\n\n[^1]: b", "*a*b_c_ __d__e **f*g**h*",
        "<https://x.org/?a=1&b=2> <me@x.org> <javascript:a>",
    ]

    @Test func `Markdown has the structure and the text that cmark-gfm gives it`() throws {
        for text in Self.texts + Cmark.examples {
            // cmark-gfm knows no formulas, and outputs show scripts and styles otherwise than Markdown cells.
            if text.contains("$") || text.contains("<script") || text.contains("<style") { continue }
            let expected = seen(HTML.cleaned("x" + (try Cmark.html(of: text)))).dropFirst()
            let shown = seen(HTML.markdown(text))
            #expect(shown == expected, "\(text.debugDescription)")
        }
    }

    /// Returns the tags, the addresses and the text of a page, without frames, colors, identifiers and white space.
    private func seen(_ html: String) -> String {
        let text = html.replacing(/<\/?(span|div)[^>]*>/, with: "").replacing(/<(?!a |img |ol |t[dh] )(\/?\w+)[^>]*>/) {
            "<\($0.1)>"
        }
        .replacing(/[☑☐]/, with: "").replacing(/\s+/, with: "").replacing("#o--", with: "#n--")
        return text.removingPercentEncoding ?? text
    }
}
