import GalleyTestSupport
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

@Suite struct `The address of a Jupyter server` {
    @Test(
        arguments: [
            ("http://localhost:8888/", "http://localhost:8888/", nil),
            ("http://localhost:8888", "http://localhost:8888/", nil),
            ("  http://localhost:8888/?token=abc\n", "http://localhost:8888/", "abc"),
            ("http://localhost:8888/?token=", "http://localhost:8888/", nil),
            ("http://localhost:8888/lab?token=abc", "http://localhost:8888/", "abc"),
            ("http://localhost:8888/lab/tree/a%20b/x.ipynb", "http://localhost:8888/", nil),
            ("http://h/tree", "http://h/", nil),
            ("http://h/notebooks/x.ipynb#cell", "http://h/", nil),
            ("http://h/base/url/tree/lab", "http://h/base/url", nil),
            ("http://h/jupyter/default/lab", "http://h/jupyter/default", nil),
            ("http://h/base/api/kernels", "http://h/base", nil),
            ("http://h/login?next=%2Flab", "http://h/", nil),
            ("https://[::1]:9999/edit/a.py", "https://[::1]:9999/", nil),
            ("https://h/user/ann/", "https://h/user/ann", nil),
            ("https://h/user/ann/lab/tree/x.ipynb?token=t%2B1", "https://h/user/ann", "t+1"),
            ("https://h/user/lab/lab", "https://h/user/lab", nil),
            ("https://h/jhub/user/ann/gpu/lab", "https://h/jhub/user/ann/gpu", nil),
            ("https://h/hub/home", "https://h/", nil),
            ("https://h/jhub/hub/spawn", "https://h/jhub", nil),
            ("https://h/hub/user/ann/lab", "https://h/user/ann", nil),
            ("https://h/hub/spawn/ann/gpu", "https://h/user/ann/gpu", nil),
            ("https://h/hub/user-redirect/lab/tree/x.ipynb", "https://h/", nil),
        ] as [(String, String, String?)])
    func `The base of the server is found in the address of any of its pages`(
        text: String, base: String, token: String?
    ) throws {
        let address = try ServerAddress(text)
        #expect("\(address.base.origin)\(address.base.path)" == base)
        #expect(address.token == token && address.base.query.isEmpty)
    }

    @Test(
        arguments: [
            ("https://h/user/ann/", "ann", "", "/"), ("https://h/user/b%40c/lab", "b@c", "", "/"),
            ("https://h/user/ann/gpu/lab", "ann", "gpu", "/"), ("https://h/jhub/user/ann", "ann", "", "/jhub"),
            ("https://h/hub/home", nil, "", "/"), ("https://h/jhub/hub/spawn/ann/lab", "ann", "lab", "/jhub"),
            ("https://h/hub/user/ann/lab", "ann", "", "/"), ("https://h/hub", nil, "", "/"),
        ] as [(String, String?, String, String)])
    func `The user and the server of a hub are found in the address`(
        text: String, user: String?, server: String, root: String
    ) throws {
        let hub = try #require(try ServerAddress(text).hub)
        #expect(hub.user == user && hub.server == server && hub.root.path == root)
    }

    @Test(arguments: ["http://h/lab/tree/hub/x", "http://h/tree/user/ann", "http://h/", "http://h/files/user/x"])
    func `The address of a page without a hub has none`(text: String) throws {
        #expect(try ServerAddress(text).hub == nil)
    }

    @Test(
        arguments: [
            ("localhost:8888", "Write http://localhost:8888/"), ("hub.example.org/user/ann", "http://hub.example.org/"),
            ("", "Write http://localhost:8888/"), ("localhost:8888/?token=sesame", "Write http://localhost:8888/"),
            ("ann:sesame@h:1", "Write http://h:1/"), ("ftp://h/?token=sesame", "not http or https"),
        ])
    func `An address without a scheme is an error that shows how to write it`(text: String, part: String) throws {
        let error = try #require(throws: ServerError.self) { try ServerAddress(text) }
        #expect("\(error)".contains(part) && !"\(error)".contains("sesame"), "\(error)")
        #expect(!error.isTransient)
    }

    @Test func `Credentials are not printed`() {
        let all: [ServerCredentials] = [
            .token("sesame"), .password("sesame"), .loginURL("https://h/?token=sesame"), .automatic, .none,
        ]
        for credentials in all {
            var dumped = ""
            dump(credentials, to: &dumped)
            let texts = [
                "\(credentials)", String(reflecting: credentials), "\([credentials])", dumped,
                "\(Optional(credentials) as Any)", "\(ServerAccess("http://h", credentials, environment: [:]))",
            ]
            for text in texts { #expect(!text.contains("sesame"), "\(text)") }
        }
    }
}

@Suite struct `Texts of a server` {
    @Test(
        arguments: [
            ("Forbidden", "Forbidden"), ("a\r\n\tb  c ", "a b c"), ("", nil), (" \n", nil), ("a\u{1B}[31mb", "a [31mb"),
            ("<!DOCTYPE html><p>token", nil), ("x <html>", nil), ("<p>token</p>", nil), ("a\u{202E}b", "ab"),
            ("é…", "é…"),
        ] as [(String, String?)])
    func `A text of a server is one line without control characters, and no page`(text: String, line: String?) {
        #expect(ServerText.line(text) == line)
    }

    @Test func `A long text of a server is cut`() {
        let line = ServerText.line(String(repeating: "x", count: 1_000_000))
        #expect(line?.count == 301 && line?.hasSuffix("x…") == true)
        #expect(ServerText.line(String(repeating: "\u{301}", count: 1_000_000)).map { $0.utf8.count < 2000 } == true)
    }

    @Test func `Secrets in a text of a server are replaced`() {
        #expect(SecretText.hiding(["abc", ""], in: "token abc, abcabc") == "token …, ……")
        #expect(SecretText.hiding(["ab", "abc"], in: "abc") == "…")
        #expect(SecretText.hiding(["abc"], in: "abc\u{301}") == "…\u{301}")
        #expect(SecretText.values(ofCookies: "a=short; session=\"long=enough\"; b") == ["\"long=enough\""])
    }

    @Test func `No part of a secret is left where a long text is cut`() {
        let secret = "s3cret-of-the-server"
        for length in Array(270...310) + Array(1150...1210) {
            for filler in ["x", " "] {
                let text = String(repeating: filler, count: length) + secret + String(repeating: "y", count: 2000)
                let line = ServerText.line(text, hiding: [secret]) ?? ""
                #expect(!line.contains("s3"), "\(length)")
            }
        }
        #expect(ServerText.line("s3\u{200B}cret-of-the-server", hiding: [secret]) == "…")
    }

    @Test func `Events arrive whole from parts of any size`() {
        let text = "event: x\ndata: {\"a\":1}\n\n: comment\r\ndata:b\r\ndata: c\r\n\r\ndata: lost"
        let whole = ["{\"a\":1}", "b\nc"].map { Array($0.utf8) }
        for size in [1, 2, 3, 7, 1000] {
            var stream = EventStream()
            var found: [[UInt8]] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                found += stream.receive(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(found == whole, "\(size)")
        }
    }

    @Test func `An endless event takes no endless memory`() {
        var stream = EventStream()
        let part = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        for _ in 0..<50 { #expect(stream.receive(part).isEmpty) }
        for _ in 0..<50 { #expect(stream.receive(Array("data: ".utf8) + part.prefix(60_000) + [10]).isEmpty) }
        let events = stream.receive([10])
        #expect(events.count == 1 && events[0].count < 1 << 17)
    }
}
