import Foundation
import GalleyRendering
import GalleyTestSupport
import Testing

@Suite struct `A character reference` {
    @Test(
        arguments: [
            ("&copy; &copy &copyx &notit; &notin;", "© © ©x ¬it; ∉"),
            ("&amp;amp; &AMP &ampx", "&amp;amp; &amp; &amp;x"),
            ("&NotEqualTilde;|&ThickSpace;|&fjlig;", "≂̸|\u{205F}\u{200A}|fj"),
            ("&unknown; &; & &1", "&amp;unknown; &amp;; &amp; &amp;1"),
            ("&#128;&#150;&#x9F;&#129;", "€–Ÿ\u{81}"),
            ("&#0;&#xD800;&#1114112;&#99999999999999999999999;", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("&#65&#x42x&#;&#x;&#X43;", "ABx&amp;#;&amp;#x;C"),
        ] as [(HostileText, HostileText)])
    func `A character reference in a text is the character that browsers show`(text: HostileText, expected: HostileText)
    {
        #expect(HTML.cleaned(text.text) == expected.text)
    }

    @Test func `A character reference in an address needs its semicolon before a letter, a digit and an equals sign`() {
        let shown = HTML.cleaned("<a href='https://x.org/?a=1&copy=2&copy2&lt;&copy'>x</a>")
        #expect(shown.contains("href=\"https://x.org/?a=1&amp;copy=2&amp;copy2&lt;©\""))
    }

    @Test(.slow)
    func `A character reference is read as Python and html5lib read it, for every name and for random texts`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Repository.python)
        process.arguments = [Repository.fixture("judges/character_references.py")]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("[]".utf8))
        try input.fileHandleForWriting.close()
        let cases = try JSONDecoder().decode([[String]].self, from: output.fileHandleForReading.readDataToEndOfFile())
        try #require(cases.count > 10_000)
        for parts in cases {
            let shown = HTML.cleaned("<b title=\"\(parts[0])\">|\(parts[0])|</b>")
            #expect(shown == "<b title=\"\(escaped(parts[2]))\">|\(escaped(parts[1]))|</b>", "\(parts[0])")
        }
    }

    private func escaped(_ text: String) -> String { HTML(escaping: text).text }
}
