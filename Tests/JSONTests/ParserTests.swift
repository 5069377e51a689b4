import GalleyJSON
import GalleyTestSupport
import Testing

@Suite struct `The JSON parser` {
    @Test(
        arguments: [
            ("", "line 1, column 1: the text ends where a value was expected"),
            ("{\"a\": 1,}", "line 1, column 9: found '}' where a key in double quotes was expected"),
            ("{a: 1}", "line 1, column 2: found 'a' where a key in double quotes or '}' was expected"),
            ("{\"a\" 1}", "line 1, column 6: found '1' where ':' was expected"),
            ("[1 2]", "line 1, column 4: found '2' where ',' or ']' was expected"),
            ("{\"a\": 1]", "line 1, column 8: found ']' where ',' or '}' was expected"),
            ("[1,\n \"é\", x]", "line 2, column 7: found 'x' where a value was expected"),
            ("[1,]", "line 1, column 4: found ']' where a value was expected"),
            ("{} {}", "line 1, column 4: found '{' where the end of the text was expected"),
            ("[01]", "line 1, column 3: found '1' where ',' or ']' was expected"),
            ("[1.]", "line 1, column 4: found ']' where a digit was expected"),
            ("[-]", "line 1, column 3: found ']' where a digit was expected"),
            ("1e+", "line 1, column 4: the text ends where a digit was expected"),
            ("[nul]", "line 1, column 2: found 'n' where a value or ']' was expected"),
            ("\"abc", "line 1, column 5: the text ends inside a string; a closing '\"' was expected"),
            (
                "[\"a\tb\"]",
                "line 1, column 4: control character U+0009 in a string; an escape such as \\n or \\u0000 was expected"
            ),
            (
                #"["\x"]"#,
                #"line 1, column 3: not an escape; one of \" \\ \/ \b \f \n \r \t or \u and four hex digits was expected"#
            ),
            (
                #"["\u12g4"]"#,
                #"line 1, column 3: not an escape; one of \" \\ \/ \b \f \n \r \t or \u and four hex digits was expected"#
            ),
            ("[\u{1}]", "line 1, column 2: found control character U+0001 where a value or ']' was expected"),
        ] as [(HostileText, String)])
    func `The parser reports what it expected, and where`(text: HostileText, sentence: String) {
        #expect(refusal(of: Array(text.text.utf8))?.description == sentence)
    }

    @Test(arguments: [
        (HostileBytes("a lead byte without its continuation", [0x5B, 0x22, 0xC3, 0x28, 0x22, 0x5D]), 2),
        (HostileBytes("a surrogate", [0x22, 0xED, 0xA0, 0x80, 0x22]), 1),
        (HostileBytes("an overlong NUL", [0x22, 0xC0, 0x80, 0x22]), 1),
        (HostileBytes("a scalar beyond U+10FFFF", [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22]), 1),
        (HostileBytes("a sequence that the end cuts", [0x22, 0xE2, 0x82]), 1),
        (HostileBytes("a lone continuation byte", [0x22, 0x80, 0x22]), 1),
        (HostileBytes("a byte that UTF-8 does not have", [0xFF]), 0),
        (HostileBytes("a sequence that a bracket cuts", [0x5B, 0xE2, 0x82, 0x5D]), 1),
    ])
    func `The parser refuses bytes that are not UTF-8, with their offset`(hostile: HostileBytes, offset: Int) {
        let bytes = hostile.bytes
        let refusal = refusal(of: bytes)
        #expect(refusal?.position.offset == offset)
        #expect(refusal?.problem == .invalidUTF8(bytes[offset]))
    }

    @Test func `The parser names another encoding`() {
        #expect(
            refusal(of: [0xFF, 0xFE, 0x7B, 0x00])?.description
                == "line 1, column 1: the text is UTF-16; save it as UTF-8")
        #expect(refusal(of: [0x7B, 0x00, 0x00, 0x00])?.problem == .otherEncoding("UTF-32"))
        #expect(refusal(of: [0x00, 0x7B])?.problem == .otherEncoding("UTF-16"))
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":["] as [HostileText])
    func `The parser refuses a megabyte of open brackets without a stack overflow`(opening: HostileText) {
        let refusal = refusal(
            of: Array(String(repeating: opening.text, count: 1_000_000 / opening.text.utf8.count).utf8))
        #expect(refusal?.problem == .tooDeep(limit: 1000))
    }
}

func refusal(of bytes: [UInt8]) -> ParseError? {
    do {
        _ = try Document(parsing: bytes)
        return nil
    } catch {
        return error
    }
}
