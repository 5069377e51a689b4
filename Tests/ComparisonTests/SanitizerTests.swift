import GalleyComparison
import Testing

@Suite struct `A file of sanitizers` {
    @Test func `is read as nbval reads it, and as configparser does`() throws {
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
            sanitizers.sanitized("1/2/2024 12:34:56 Line at 0x7f #12;one\ntwo") == "DATE-STAMP TIME Line at X both")
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `may have any line ends, and no section`(end: String) throws {
        let text = ["regex: a", "replace: b", "regex: b ", "replace:  c "].joined(separator: end)
        #expect(try TextSanitizers(parsing: text).sanitized("a b aa") == " c  c bb")
    }

    @Test func `is applied in its order, an expression that stands there twice with its last replacement`() throws {
        let text = "regex: a\nreplace: b\n[x]\nregex: b\nreplace: c\n[y]\nregex: a\nreplace: d\n"
        #expect(try TextSanitizers(parsing: text).sanitized("ab") == "dc")
        #expect(try TextSanitizers(parsing: "regex: a\nreplace: b\nregex: b\nreplace: c").sanitized("ab") == "cc")
    }

    @Test(arguments: [
        ("[a]\nregex: x\n[b]\n", "line 2, [a]: 'regex' has no 'replace'; for an empty replacement, write 'replace:'"),
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
    ])
    func `says what is wrong, and on which line`(text: String, sentence: String) {
        let error = #expect(throws: SanitizerError.self) { try TextSanitizers(parsing: text) }
        #expect(error?.description == sentence)
    }
}
