import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@Suite struct `A text from outside` {
    private static let fragments = [
        "http://", "https://", "//", "/", "..", ".", "?", "#", "@", ":", "[", "]", "[::1]", "127.0.0.1", "h.org", "%",
        "%2", "%zz",
        "%2F", "é", "\u{301}", "😀", "\r\n", "\n", "\0", " ", "\t", "\u{7F}", "+", "&", "=", ";", ",", "; Domain=",
        "; Path=/",
        "; Max-Age=", "; Expires=", "99999999999999999999", "-1", "65536", "08:00:00", "Jan", "15", "2027", "Secure",
        "a", "\u{FEFF}",
        "\u{2028}", "*", "/33", "socks5://", "\\", "\"", "__Host-", "localhost",
    ]

    private static func text(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...9, using: &generator)).map { _ in fragments.randomElement(using: &generator) ?? "" }
            .joined()
    }

    @Test func `As a URL, a reference, a cookie or a list of proxies it is read or refused`() throws {
        var generator = SeededGenerator(seed: 7)
        let base = try HTTPURL(parsing: "https://ann:secret@sub.h.org:8443/b/c?q=secret")
        var (urls, cookies) = (0, 0)
        for _ in 0..<20_000 {
            let text = Self.text(&generator)
            for prefix in ["", "http://h/", "http://"] {
                guard let url = try? HTTPURL(parsing: prefix + text) else { continue }
                urls += 1
                // A URL that was written is read as the same one.
                let same = try HTTPURL(parsing: url.text)
                #expect(same.text == url.text && same.query == url.query, "\(prefix + text)")
                #expect(url.text.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "\(prefix + text)")
            }
            if let url = base.resolving(text) { #expect((url.user == nil) == (url.origin != base.origin), "\(text)") }
            let jar = CookieJar(date: { 1_800_000_000 })
            jar.store(setCookie: "a=b" + text, from: base)
            if let header = jar.header(for: base) {
                cookies += 1
                #expect(!header.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }, "\(text)")
            }
            let settings = ProxySettings(environment: ["http_proxy": text, "no_proxy": text])
            _ = try? settings.proxy(for: HTTPURL(parsing: "http://h.org/"))
            #expect(base.appending(text).path.split(separator: "/").count <= 3, "\(text)")
        }
        #expect(urls > 1000 && cookies > 1000)
    }
}
