import Synchronization

/// The cookies of a client.
package final class CookieJar: Sendable {
    private let cookies = Mutex<[Cookie]>([])
    private let date: @Sendable () -> Int
    /// The greatest number of cookies, of one domain and in total.
    private static let limit = (domain: 50, total: 500)

    /// Creates an empty jar.
    ///
    /// - Parameter date: The seconds since 1970.
    package init(date: @escaping @Sendable () -> Int = HTTPTime.system.date) { self.date = date }

    /// Takes the value of a `Set-Cookie` field of a response. A cookie that the server may not set is dropped.
    package func store(setCookie text: String, from url: HTTPURL) {
        let now = date()
        guard let cookie = Cookie(setCookie: text, from: url, now: now) else { return }
        cookies.withLock { cookies in
            // A cookie that is set again keeps its place in the order.
            let place = cookies.firstIndex(where: cookie.replaces)
            if let place, !cookie.isExpired(at: now) {
                cookies[place] = cookie
            } else if let place {
                cookies.remove(at: place)
            } else if !cookie.isExpired(at: now) {
                cookies.append(cookie)
            }
            cookies.removeAll { $0.isExpired(at: now) }
            let sameDomain = cookies.filter { $0.domain == cookie.domain }
            if sameDomain.count > Self.limit.domain, let oldest = sameDomain.first {
                cookies.removeAll { $0 == oldest }
            }
            if cookies.count > Self.limit.total { cookies.removeFirst() }
        }
    }

    /// Takes all cookies of a response.
    package func store(_ headers: HTTPHeaders, from url: HTTPURL) {
        for text in headers.all("Set-Cookie") { store(setCookie: text, from: url) }
    }

    /// The cookies that a request to a URL carries: those with the longest path first, then the oldest first.
    package func cookies(for url: HTTPURL) -> [Cookie] {
        let now = date()
        let matching = cookies.withLock { $0.filter { !$0.isExpired(at: now) && $0.matches(url) } }
        // The sort keeps the order of equal elements.
        return matching.sorted { $0.path.utf8.count > $1.path.utf8.count }
    }

    /// Returns the value of a cookie that a request to a URL carries; nil if there is none.
    package func value(named name: String, for url: HTTPURL) -> String? {
        cookies(for: url).first { $0.name == name }?.value
    }

    /// Returns the `Cookie` field of a request to a URL; nil if it carries no cookie.
    package func header(for url: HTTPURL) -> String? {
        let cookies = cookies(for: url)
        return cookies.isEmpty ? nil : cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    /// All cookies, the oldest first.
    package var all: [Cookie] {
        let now = date()
        return cookies.withLock { $0.filter { !$0.isExpired(at: now) } }
    }

    /// Removes all cookies.
    package func removeAll() { cookies.withLock { $0 = [] } }
}
