import GalleyHTTP
import Synchronization
import Testing

@Suite struct `A cookie jar` {
    /// Whether a request to `to` carries a cookie that a response of `from` has set.
    struct Case: Sendable, CustomTestStringConvertible {
        let cookie: String
        let from: String
        let to: String
        let header: String?
        var testDescription: String { "\(cookie), \(from) → \(to)" }

        init(_ cookie: String, _ from: String, _ to: String, _ header: String?) {
            (self.cookie, self.from, self.to, self.header) = (cookie, from, to, header)
        }
    }

    @Test(arguments: [
        Case("a=b", "http://h/", "http://h/x", "a=b"),
        Case("a=b", "http://h:8888/", "http://h:9999/", "a=b"),
        Case(" a = b ; Path=/", "http://h/", "http://h/", "a=b"),
        Case("a=\"b c\"; Path=/", "http://h/", "http://h/", "a=\"b c\""),
        Case("a=b=c", "http://h/", "http://h/", "a=b=c"),
        Case("a=", "http://h/", "http://h/", "a="),
        Case("a", "http://h/", "http://h/", nil),
        Case("=b", "http://h/", "http://h/", nil),
        Case("a=b\u{1}", "http://h/", "http://h/", nil),
        // Hosts
        Case("a=b", "http://h/", "http://other/", nil),
        Case("a=b", "http://x.org/", "http://sub.x.org/", nil),
        Case("a=b; Domain=x.org", "http://sub.x.org/", "http://x.org/", "a=b"),
        Case("a=b; Domain=.X.org", "http://sub.x.org/", "http://other.x.org/", "a=b"),
        Case("a=b; Domain=x.org", "http://x.org/", "http://sub.x.org/", "a=b"),
        Case("a=b; Domain=x.org", "http://x.org/", "http://notx.org/", nil),
        Case("a=b; Domain=sub.x.org", "http://x.org/", "http://sub.x.org/", nil),
        Case("a=b; Domain=y.org", "http://x.org/", "http://y.org/", nil),
        Case("a=b; Domain=org", "http://x.org/", "http://x.org/", nil),
        Case("a=b; Domain=.", "http://x.org/", "http://x.org/", nil),
        Case("a=b; Domain=", "http://x.org/", "http://x.org/", "a=b"),
        Case("a=b; Domain=localhost", "http://localhost/", "http://localhost/", "a=b"),
        Case("a=b; Domain=localhost", "http://localhost/", "http://x.localhost/", nil),
        Case("a=b; Domain=127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", "a=b"),
        Case("a=b; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", nil),
        // Paths
        Case("a=b", "http://h/user/ann/login", "http://h/user/ann/api", "a=b"),
        Case("a=b", "http://h/user/ann/login", "http://h/user/bob", nil),
        Case("a=b; Path=/user/ann/", "http://h/login", "http://h/user/ann/x", "a=b"),
        Case("a=b; Path=/user/ann", "http://h/login", "http://h/user/anna", nil),
        Case("a=b; Path=/user/ann", "http://h/login", "http://h/user/ann", "a=b"),
        Case("a=b; Path=user", "http://h/login", "http://h/", "a=b"),
        // Security
        Case("a=b; Secure", "https://h/", "https://h/", "a=b"),
        Case("a=b; Secure", "https://h/", "http://h/", nil),
        Case("a=b; secure", "http://h/", "https://h/", nil),
        Case("a=b; HttpOnly; SameSite=Lax; Unknown=1", "http://h/", "http://h/", "a=b"),
        Case("__Host-a=b; Secure; Path=/", "https://h/", "https://h/", "__Host-a=b"),
        Case("__Host-a=b; Path=/", "https://h/", "https://h/", nil),
        Case("__Host-a=b; Secure; Path=/; Domain=x.org", "https://x.org/", "https://x.org/", nil),
        Case("__Secure-a=b", "https://h/", "https://h/", nil),
        // Time: the clock of the test says 1,800,000,000, 15 January 2027
        Case("a=b; Max-Age=1", "http://h/", "http://h/", "a=b"),
        Case("a=b; Max-Age=0", "http://h/", "http://h/", nil),
        Case("a=b; Max-Age=-99999999999999999999", "http://h/", "http://h/", nil),
        Case("a=b; Max-Age=99999999999999999999", "http://h/", "http://h/", "a=b"),
        Case("a=b; Max-Age=x", "http://h/", "http://h/", "a=b"),
        Case("a=b; Expires=Fri, 15 Jan 2027 08:00:01 GMT", "http://h/", "http://h/", "a=b"),
        Case("a=b; Expires=Fri, 15 Jan 2027 08:00:00 GMT", "http://h/", "http://h/", nil),
        Case("a=b; Expires=Friday, 15-Jan-27 08:00:01 GMT", "http://h/", "http://h/", "a=b"),
        Case("a=b; Expires=Fri Jan 15 08:00:00 2027", "http://h/", "http://h/", nil),
        Case("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://h/", "http://h/", nil),
        Case("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", "http://h/", "http://h/", "a=b"),
        Case("a=b; Expires=31 Feb", "http://h/", "http://h/", "a=b"),
    ]) func `A cookie goes to the requests that it is for`(sample: Case) throws {
        let jar = CookieJar(date: { 1_800_000_000 })
        jar.store(setCookie: sample.cookie, from: try HTTPURL(parsing: sample.from))
        #expect(jar.header(for: try HTTPURL(parsing: sample.to)) == sample.header)
    }

    @Test func `A cookie that is set again is replaced, and removed by an end in the past`() throws {
        let jar = CookieJar(date: { 1_800_000_000 })
        let url = try HTTPURL(parsing: "https://h/a/b")
        jar.store(setCookie: "one=1; Path=/", from: url)
        jar.store(setCookie: "two=2; Path=/a", from: url)
        jar.store(setCookie: "one=3; Path=/", from: url)
        // The longest path comes first.
        #expect(jar.header(for: url) == "two=2; one=3")
        #expect(jar.value(named: "one", for: url) == "3" && jar.all.count == 2)
        jar.store(setCookie: "one=; Max-Age=0; Path=/", from: url)
        #expect(jar.header(for: url) == "two=2" && jar.all.map(\.name) == ["two"])
        jar.removeAll()
        #expect(jar.header(for: url) == nil)
    }

    @Test func `A cookie ends at its time`() throws {
        let now = Mutex(1000)
        let holder = Holder(now: now)
        let jar = CookieJar(date: { holder.now.withLock(\.self) })
        let url = try HTTPURL(parsing: "https://h/")
        jar.store(setCookie: "a=1; Max-Age=10", from: url)
        holder.now.withLock { $0 = 1009 }
        #expect(jar.value(named: "a", for: url) == "1")
        holder.now.withLock { $0 = 1010 }
        #expect(jar.value(named: "a", for: url) == nil && jar.all.isEmpty)
    }

    private final class Holder: Sendable {
        let now: Mutex<Int>
        init(now: consuming Mutex<Int>) { self.now = now }
    }

    @Test func `The number and the size of cookies are limited`() throws {
        let jar = CookieJar()
        for number in 0..<60 { jar.store(setCookie: "c\(number)=1", from: try HTTPURL(parsing: "http://h/")) }
        #expect(jar.all.count == 50 && jar.all.first?.name == "c10")
        for number in 0..<600 { jar.store(setCookie: "c=1", from: try HTTPURL(parsing: "http://h\(number)/")) }
        #expect(jar.all.count == 500)
        let url = try HTTPURL(parsing: "http://large/")
        jar.store(setCookie: "a=" + String(repeating: "x", count: 4096), from: url)
        #expect(jar.header(for: url) == nil)
        jar.store(setCookie: "a=" + String(repeating: "x", count: 4095), from: url)
        #expect(jar.header(for: url) != nil)
    }

    @Test func `The description of a cookie has no value`() throws {
        let jar = CookieJar()
        jar.store(setCookie: "session=secret; Path=/", from: try HTTPURL(parsing: "http://h/"))
        var dumped = ""
        dump(jar.all, to: &dumped)
        #expect("\(jar.all)" == "[session of h/]" && !dumped.contains("secret"))
    }
}
