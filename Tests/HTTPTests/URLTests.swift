import GalleyHTTP
import Testing

@Suite struct `A URL` {
    @Test(arguments: [
        ("http://a", "http://a/"),
        ("HTTP://Hub.Example.ORG:8888/x", "http://hub.example.org:8888/x"),
        ("https://a:443/", "https://a/"),
        ("http://a:443/", "http://a:443/"),
        ("http://a:/x", "http://a/x"),
        ("  https://a/b \n", "https://a/b"),
        ("http://[::1]:8888/tree", "http://[::1]:8888/tree"),
        ("http://ann:pass@a/b", "http://a/b"),
        ("http://an@n:p@a/b", "http://a/b"),
        ("http://a/b#fragment?x", "http://a/b"),
        ("http://a?x=1", "http://a/?x=1"),
        ("http://a/x y/ä", "http://a/x%20y/%C3%A4"),
        ("http://a/100%/%2f%zz", "http://a/100%25/%2f%25zz"),
        ("http://a/b/../c/./d/", "http://a/c/d/"),
        ("http://a/../..", "http://a/"),
        ("http://a/b//c", "http://a/b//c"),
        ("http://a/b/%2e%2E/c", "http://a/b/%2e%2E/c"),
        ("http://a/?a=1+2&b=%2B&c&d=&sig=x%2Fy==", "http://a/?a=1+2&b=%2B&c&d=&sig=x%2Fy=="),
        ("http://a/?q=<\">", "http://a/?q=%3C%22%3E"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
    ]) func `It is read and written`(text: String, expected: String) throws {
        #expect(try HTTPURL(parsing: text).text == expected)
        #expect(try HTTPURL(parsing: expected).text == expected)
    }

    @Test(arguments: [
        "", " ", "a", "/a", "//a/b", "ftp://a/", "file:///etc/passwd", "http:a", "http:/a", "http://", "http:///x",
        "http://:80/", "http://a:0/", "http://a:65536/", "http://a:80x/", "http://a:-1/", "http://a b/",
        "http://ä.example/",
        "http://a%2e/", "http://[::1/", "http://[::1]x/", "http://[1.2.3.4]/", "http://[::1%25eth0]/", "http://a\r\n/",
        "http://a/\r\nX-Header: 1", "http://a/\0", "http://a\u{7F}/", "http://a<b>/", "http://a\\b/", "http://ann:pw@/",
        "http://" + String(repeating: "a", count: 300), "http://a/" + String(repeating: "a", count: 70_000),
    ]) func `A text that is not a URL is refused with a reason and without its contents`(text: String) throws {
        let error = try #require(throws: HTTPError.self) { try HTTPURL(parsing: text) }
        #expect("\(error)".hasPrefix("The URL is not valid: "))
        #expect(!"\(error)".contains("pw"))
    }

    @Test func `Its parts are decoded`() throws {
        let url = try HTTPURL(parsing: "http://an%40n:p%3Aw@a:8888/x?token=a%20b&flag&plus=1+2&bad=%FF#f")
        #expect(url.user == "an@n" && url.password == "p:w" && url.host == "a" && url.port == 8888)
        #expect(url.path == "/x" && url.pathAndQuery == "/x?token=a%20b&flag&plus=1+2&bad=%FF")
        #expect(
            url.query == [
                .init(name: "token", value: "a b"), .init(name: "flag", value: nil), .init(name: "plus", value: "1 2"),
                .init(name: "bad", value: "\u{FFFD}"),
            ])
        #expect("\(url.origin)" == "http://a:8888" && url.effectivePort == 8888)
        #expect(try HTTPURL(parsing: "https://a").effectivePort == 443)
        #expect(try HTTPURL(parsing: "https://[::1]").host == "::1")
    }

    @Test func `Segments and items are added with their own meaning`() throws {
        let base = try HTTPURL(parsing: "http://a/user/ann")
        #expect(base.appending("api", "kernels").text == "http://a/user/ann/api/kernels")
        #expect(try HTTPURL(parsing: "http://a/user/ann/").appending("api").text == "http://a/user/ann/api")
        #expect(try HTTPURL(parsing: "http://a").appending("api").text == "http://a/api")
        #expect(base.appending("a/b", "ü?#%").text == "http://a/user/ann/a%2Fb/%C3%BC%3F%23%25")
        #expect(base.appending("..", ".").text == "http://a/user/ann/%2E%2E/%2E")
        #expect(base.appending(segments: []) == base)
        #expect(base.adding("a b", "c&d=e+f").text == "http://a/user/ann?a%20b=c%26d%3De%2Bf")
        #expect(try HTTPURL(parsing: "http://a/?x=1+2").adding("y", "").text == "http://a/?x=1+2&y=")
        var url = try HTTPURL(parsing: "http://a/?token=s&x=1+2")
        url.query.removeAll { $0.name == "token" }
        #expect(url.text == "http://a/?x=1%202")
        url.query = []
        #expect(url.text == "http://a/")
        url.path = "x y/../z"
        #expect(url.text == "http://a/z")
    }

    @Test(arguments: [
        ("/x", "https://a:8443/x"), ("x", "https://a:8443/b/x"), ("../x?y=1", "https://a:8443/x?y=1"),
        ("?y=1", "https://a:8443/b/c?y=1"), ("", nil), ("#f", "https://a:8443/b/c?q=1"),
        ("//other/x", "https://other/x"), ("//other:1", "https://other:1/"), ("http://other", "http://other/"),
        ("https://user:pw@other/x", "https://other/x"), ("HTTPS://A:8443/y", "https://a:8443/y"),
        ("ftp://other/x", nil), ("javascript:alert(1)", nil), ("mailto:a@b", nil), ("http:/x", nil),
        ("http://a:99999/", nil), ("/x\r\nSet-Cookie: a=b", nil), ("x:y", nil), ("./x:y", "https://a:8443/b/x:y"),
    ]) func `A reference leads to another URL`(reference: String, expected: String?) throws {
        let url = try HTTPURL(parsing: "https://ann:pw@a:8443/b/c?q=1")
        let found = url.resolving(reference)
        #expect(found?.text == expected)
        // User info stays with its origin.
        if let found { #expect(found.user == (found.origin == url.origin ? "ann" : nil)) }
        if let found { #expect(found.password == (found.origin == url.origin ? "pw" : nil)) }
    }

    @Test func `Its description has no secrets`() throws {
        let url = try HTTPURL(parsing: "https://ann:secret1@a:8888/x?token=secret2&secret3&b=")
        #expect("\(url)" == "https://a:8888/x?token=…&…&b=…")
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped, "\([url])", "\(Optional(url) as Any)"] {
            #expect(!text.contains("secret"))
        }
    }
}
