import GalleyHTTP

/// The version of an object: what a condition names.
struct ObjectVersion: Hashable, Sendable {
    /// The entity tag with its quotes; nil from a store that sends none.
    var etag: String?
    /// The number of the version in Google's store.
    var generation: String?
    var size: Int?
    /// The SHA-256 of the contents in Base64, if the store has it.
    var checksum: String?
    /// The shortest time, by the store's clock, that may have passed between the write and the response.
    var age: Duration?

    /// The greatest number of bytes of a tag. Those of stores have less than 100.
    private static let tagLimit = 1024

    /// Creates a version from its tag.
    init(etag: String?) { self.etag = etag }

    /// Reads the version from the header of a response.
    init(_ headers: HTTPHeaders) {
        etag = headers["ETag"].flatMap(Self.tag)
        generation = headers["x-goog-generation"].flatMap { 1...20 ~= $0.utf8.count ? $0 : nil }
        size = headers["Content-Length"].flatMap { Int($0) }.map { max(0, $0) }
        checksum = headers["x-amz-checksum-sha256"].flatMap { $0.contains("-") ? nil : $0 }
        let times = ["Date", "Last-Modified"].compactMap { name in headers[name].flatMap { HTTPDate.seconds($0) } }
        // Both dates have whole seconds.
        if times.count == 2 { age = .seconds(max(0, times[0] - times[1] - 1)) }
    }

    /// The version as one text.
    var text: String { etag ?? generation ?? size.map { "\($0) bytes" } ?? "" }

    /// Returns a tag that a condition can name: without white space at its ends and the mark of a weak tag. Nil for a text
    /// that cannot be a field of a request, which would go without its condition then.
    static func tag(_ text: String) -> String? {
        var tag = Substring(text).trimmedASCII
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        guard 1...tagLimit ~= tag.utf8.count, tag.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return nil }
        return String(tag)
    }

    /// Whether a condition can name the version.
    var isNamed: Bool { etag != nil || generation != nil }

    /// Whether both are the same version.
    func isSame(as other: ObjectVersion) -> Bool {
        if let generation, let its = other.generation { return generation == its }
        if let etag, let its = other.etag { return etag == its }
        return etag == other.etag && size == other.size
    }
}

/// The condition of a write.
enum WriteCondition: Hashable, Sendable {
    /// The object may exist or not.
    case always
    /// There is no object with the key.
    case isNew
    /// The object has this version.
    case isVersion(ObjectVersion)

    /// Adds the condition to a request.
    func add(to headers: inout HTTPHeaders, _ dialect: SignatureV4.Dialect) {
        let isGoogle = dialect.fieldPrefix == "x-goog-"
        switch self {
        case .always: break
        case .isNew where isGoogle: headers.set("x-goog-if-generation-match", "0")
        case .isNew: headers.set("If-None-Match", "*")
        case .isVersion(let version):
            if isGoogle, let generation = version.generation {
                headers.set("x-goog-if-generation-match", generation)
            } else if let etag = version.etag {
                headers.set("If-Match", etag)
            }
        }
    }

    /// A condition that no object fulfills.
    static let impossible = WriteCondition.isVersion(ObjectVersion(etag: "\"00000000000000000000000000000000\""))
}

/// The length and the hash of contents, by which a write is recognized.
struct ContentFingerprint: Hashable, Sendable {
    var count: Int
    /// The SHA-256.
    var hash: [UInt8]
}
