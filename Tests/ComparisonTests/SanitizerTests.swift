import GalleyTestSupport
import Testing

@testable import GalleyComparison

@Suite struct `A sanitizer file` {
    @Test func `A sanitizer file is parsed as nbval and configparser parse it`() throws {
        let sanitizers = try TextSanitizers(
            parsing: """
                \u{FEFF}# Times and dates
                [first]
                regex: \\d{1,2}/\\d{1,2}/\\d{2,4}
                replace: DATE-STAMP

                [second]
                ; another comment
                note: this one is for people
                  and goes on
                Replace = TIME
                # between
                REGEX=\\d{2}:\\d{2}:\\d{2}
                [third]
                regex: (?P<what>\\w+) at 0x[0-9a-f]+
                replace: \\g<what> at X
                regex: #\\d+;
                replace:
                [long]
                regex: one
                  two
                replace: both

                """)
        #expect(sanitizers.count == 5)
        #expect(
            SanitizerRun(sanitizers).sanitized("1/2/2024 12:34:56 Line at 0x7f #12;one\ntwo")
                == "DATE-STAMP TIME Line at X both")
    }

    @Test(arguments: ["\n", "\r\n", "\r"] as [HostileText])
    func `A sanitizer file may have any line ends, and no section`(end: HostileText) throws {
        let text = ["regex: a", "replace: b", "regex: b ", "replace:  c "].joined(separator: end.text)
        #expect(try SanitizerRun(TextSanitizers(parsing: text)).sanitized("a b aa") == " c  c bb")
    }

    @Test func `Sanitizers apply in order, and a repeated expression uses its last replacement`() throws {
        let text = "regex: a\nreplace: b\n[x]\nregex: b\nreplace: c\n[y]\nregex: a\nreplace: d\n"
        #expect(try SanitizerRun(TextSanitizers(parsing: text)).sanitized("ab") == "dc")
        #expect(
            try SanitizerRun(TextSanitizers(parsing: "regex: a\nreplace: b\nregex: b\nreplace: c")).sanitized("ab")
                == "cc")
    }

    @Test(
        arguments: [
            (
                "[a]\nregex: x\n[b]\n",
                "line 2, [a]: 'regex' has no 'replace'; for an empty replacement, write 'replace:'"
            ),
            ("replace: x", "line 1: 'replace' has no 'regex'"),
            (
                "[a]\nregex: x\nregex: y\nreplace: z",
                "line 2, [a]: 'regex' has no 'replace'; for an empty replacement, write 'replace:'"
            ),
            ("[a]\nhello\n", "line 2, [a]: 'hello' is neither [a section] nor 'regex: …' nor 'replace: …'"),
            (
                "[t]\nregex: a(b\nreplace: c",
                "line 2, [t]: the regex 'a(b' is invalid at character 2: a '(' is not closed"
            ),
            (
                "[t]\nregex: a\n\nreplace: \\1",
                "line 4, [t]: the replacement '\\1' is invalid at character 1: there is no group 1"
            ),
        ] as [(HostileText, String)])
    func `An error in a sanitizer file names the problem and the line`(text: HostileText, sentence: String) {
        let error = #expect(throws: SanitizerError.self) { try TextSanitizers(parsing: text.text) }
        #expect(error?.description == sentence)
    }
}
