import GalleyRendering
import GalleyTestSupport
import Testing

@Suite struct `Terminal text on a page` {
    @Test(
        arguments: [
            ("a<b>&\u{1B}[0m", "a&lt;b&gt;&amp;"),
            ("\u{1B}[31mred\u{1B}[0m plain", "<span class=\"nb-fg1\">red</span> plain"),
            (
                "\u{1B}[1;3;4;9;92mx\u{1B}[22;23mx",
                "<span class=\"nb-bold nb-italic nb-underline nb-struck nb-fg10\">x</span><span class=\"nb-underline nb-struck nb-fg10\">x</span>"
            ),
            (
                "\u{1B}[2m\u{1B}[44mx\u{1B}[49my\u{1B}[my",
                "<span class=\"nb-faint nb-bg4\">x</span><span class=\"nb-faint\">y</span>y"
            ),
            ("\u{1B}[7;33mx", "<span class=\"nb-inverse nb-bg3\">x</span>"),
            (
                "\u{1B}[7;33;44mx\u{1B}[27mx",
                "<span class=\"nb-inverse nb-fg4 nb-bg3\">x</span><span class=\"nb-fg3 nb-bg4\">x</span>"
            ),
            ("\u{1B}[38;5;9mx", "<span class=\"nb-fg9\">x</span>"),
            ("\u{1B}[48;5;21mx", "<span style=\"background-color:#0000ff\">x</span>"),
            ("\u{1B}[38;5;240;48;2;255;255;0mx", "<span style=\"color:#585858;background-color:#ffff00\">x</span>"),
            ("\u{1B}[38;2;0;0;0mx", "<span style=\"color:#000000;color:light-dark(#000000,#999999)\">x</span>"),
            ("\u{1B}[38;2;300;0;0mx\u{1B}[38my\u{1B}[999999999999999999999mz", "xyz"),
            ("10%\r50%\rdone", "done"), ("ab\u{8}c", "ac"), ("a\r\nb\r\n", "a\nb\n"),
            ("a\u{1B}[2Kb\u{1B}[?25l\u{1B}Mc\u{1B}(Bd", nil), ("a\n\u{1B}[A\u{1B}[2Kb", "b\n"),
            ("\u{1B}]8;;https://evil.example\u{7}link\u{1B}]8;;\u{1B}\\ end", "link end"),
            ("\u{1B}]0;title\u{7}x", "x"), ("x\u{1B}[", "x"), ("\u{7}x\0\u{1}", "x\u{FFFD}\u{FFFD}"),
            ("\u{1B}[31m<script>\u{1B}[0m", "<span class=\"nb-fg1\">&lt;script&gt;</span>"),
        ] as [(HostileText, String?)])
    func `Terminal text looks as it does at a terminal`(text: HostileText, expected: String?) throws {
        let shown = HTML.terminal(text.text).text
        if let expected { #expect(shown == expected) }
        _ = try StrictReader(shown)
    }

    @Test(
        arguments: [
            ("line of some length\n", 200_000), ("x", 5_000_000), ("\n", 50_000), ("\u{1B}[31mé\u{1B}[0m", 40_000),
            ("50%\r", 60_000), ("\u{1B}[1000Cx\n", 5000),
        ] as [(HostileText, Int)])
    func `Terminal text is cut in the middle if a page has no room for it`(piece: HostileText, count: Int) throws {
        let text = String(repeating: piece.text, count: count)
        let shown = HTML.terminal(text).text
        #expect(shown.utf8.count < 2_000_000)
        #expect(shown.contains("left out here, kept in the notebook"))
        let reader = try StrictReader(shown)
        #expect(!reader.text.contains("[31m") && !reader.text.contains("\u{FFFD}"))
        #expect(reader.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 5010)
    }

    @Test func `Terminal text is whole if a page has room for it`() {
        for text in [String(repeating: "0123456789\n", count: 4500), String(repeating: "x", count: 200_000)] {
            #expect(HTML.terminal(text).text == text)
        }
        let long = (1...10_000).map { "\($0)\n" }.joined()
        let shown = HTML.terminal(long).text
        #expect(shown.hasPrefix("1\n2\n") && shown.contains("3750\n<span") && shown.hasSuffix("9999\n10000\n"))
        #expect(shown.contains(">… 5000 lines (25 kB) left out here"))
        #expect(shown.contains("</span>8751\n"))
    }
}
