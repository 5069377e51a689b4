import GalleyHTTP
import GalleyJSON
import GalleyStorage
import Synchronization

// Reading, listing and removing objects.
extension ObjectClient {
    /// The greatest number of bytes that are read.
    static let sizeLimit = Int(UInt32.max)

    /// Returns the version of an object; nil if there is none.
    func version(of address: ObjectAddress) async throws(ObjectStorageError) -> ObjectVersion? {
        var request = ObjectRequest("HEAD", address, action: "s3:GetObject")
        request.accepted = [404, 400, 403]
        if isAmazonDialect { request.headers.set("x-amz-checksum-mode", "ENABLED") }
        var response = try await send(request).response
        if [400, 403].contains(response.status) {
            // The answer to HEAD has no body that says why. That to GET has.
            request.method = "GET"
            request.headers.set("Range", "bytes=0-0")
            request.accepted = [404, 416]
            let answer = try await send(request)
            response = answer.response
            if response.status == 404, answer.code == "NoSuchBucket" { throw .noSuchBucket(request.place) }
            // A store that ignores the range sends the whole object, with its own length.
            if response.status != 200 {
                let size = response.headers["Content-Range"].flatMap {
                    $0.split(separator: "/").last.flatMap { Int($0) }
                }
                response.headers.set("Content-Length", "\(size ?? 0)")
            }
        }
        return response.status == 404 ? nil : ObjectVersion(response.headers)
    }

    /// Throws ``ObjectStorageError/noSuchBucket(_:)`` if the store says that there is no such bucket.
    func checkBucket(of address: ObjectAddress) async throws(ObjectStorageError) {
        var request = ObjectRequest("HEAD", address, isAboutBucket: true, action: "s3:ListBucket")
        // Keys that may write objects need not have the permission to look at the bucket.
        request.accepted = [404, 400, 403, 405]
        if try await send(request).response.status == 404 { throw .noSuchBucket(address.location.text) }
    }

    /// Returns the contents of an object and their version.
    func read(
        _ address: ObjectAddress, limit: Int = sizeLimit
    ) async throws(ObjectStorageError) -> (bytes: [UInt8], version: ObjectVersion) {
        var request = ObjectRequest("GET", address, action: "s3:GetObject")
        request.maximumBody = limit
        if isAmazonDialect { request.headers.set("x-amz-checksum-mode", "ENABLED") }
        var isRepeated = false
        while true {
            let response = try await send(request).response
            try Self.checkIsWhole(response, request)
            guard let mismatch = ContentChecksum.mismatch(of: response.body, response.headers) else {
                return (response.body, ObjectVersion(response.headers))
            }
            guard !isRepeated else { throw .damaged(request.place, reason: mismatch) }
            isRepeated = true
        }
    }

    /// Passes the contents of an object to a sink, and returns the header of the response.
    ///
    /// - Parameters:
    ///   - version: The tag that the object must have; nil for any.
    ///   - limit: The greatest number of bytes that the sink receives in an attempt; nil for any.
    func read(
        _ address: ObjectAddress, version: String?, limit: Int? = nil, into sink: any ObjectSink
    ) async throws(ObjectStorageError) -> HTTPHeaders {
        var request = ObjectRequest("GET", address, action: "s3:GetObject")
        (request.accepted, request.maximumStream) = ([412], limit)
        if isAmazonDialect { request.headers.set("x-amz-checksum-mode", "ENABLED") }
        if let version { request.headers.set("If-Match", version) }
        let response = try await send(request, into: sink).response
        if response.status == 412 { throw .changed(request.place) }
        try Self.checkIsWhole(response, request)
        return response.headers
    }

    /// Throws an error unless a successful response to a request without a range has the whole object.
    private static func checkIsWhole(_ response: HTTPResponse, _ request: ObjectRequest) throws(ObjectStorageError) {
        guard [200, 203].contains(response.status) else {
            throw .invalidAnswer(
                request.place, reason: "it has the status \(response.status) instead of the whole object")
        }
    }

    /// Removes an object, if it exists.
    func remove(_ address: ObjectAddress) async throws(ObjectStorageError) {
        var request = ObjectRequest("DELETE", address, action: "s3:DeleteObject")
        request.accepted = [404]
        let answer = try await send(request)
        if answer.code == "NoSuchBucket" { throw .noSuchBucket(request.place) }
    }

    /// Returns the version of an object if it has some of these contents; nil if it has others or does not exist.
    func version(
        of address: ObjectAddress, ifContents wanted: Set<ContentFingerprint>
    ) async throws(ObjectStorageError) -> ObjectVersion? {
        guard !wanted.isEmpty, let version = try await version(of: address),
            wanted.contains(where: { version.size ?? $0.count == $0.count })
        else { return nil }
        if let checksum = version.checksum {
            return wanted.contains { checksum == Base64.encode($0.hash) } ? version : nil
        }
        let sink = HashingSink()
        do throws(ObjectStorageError) {
            let limit = wanted.map(\.count).max()
            let headers = try await read(address, version: nil, limit: limit, into: sink)
            return wanted.contains(sink.fingerprint) ? ObjectVersion(headers) : nil
        } catch .notFound {
            return nil
        } catch .tooLarge {
            return nil
        }
    }

    private var isAmazonDialect: Bool { settings.endpoint.dialect.fieldPrefix == "x-amz-" }
}

/// A sink that keeps the length and the hash of what arrives.
private final class HashingSink: ObjectSink {
    private let hash = Mutex(SHA256())

    func restart() { hash.withLock { $0 = SHA256() } }
    func receive(_ bytes: [UInt8]) { hash.withLock { $0.update(bytes.span) } }
    var fingerprint: ContentFingerprint {
        hash.withLock { ContentFingerprint(count: $0.count, hash: $0.digest) }
    }
}

/// An object that a store has listed.
struct ListedObject: Hashable, Sendable {
    var key: String
    var size: Int
    var etag: String?
}

extension ObjectClient {
    /// The greatest number of objects that a page of a list has.
    private static let pageSize = 1000
    /// The greatest number of pages of a list.
    private static let pageLimit = 10_000
    /// The greatest number of bytes of the token that leads to the next page.
    private static let tokenLimit = 8192
    /// The greatest size of an object in a list, so that a sum of sizes cannot overflow.
    private static let listedSizeLimit = 1 << 48

    /// Returns the objects whose keys begin with that of an address, in the order of the store. Those that stand for a
    /// folder, with "/" at the end, are left out.
    ///
    /// - Throws: ``ObjectStorageError/tooManyFiles(_:limit:)`` if there are more than `limit`.
    func list(_ address: ObjectAddress, limit: Int) async throws(ObjectStorageError) -> [ListedObject] {
        var objects: [ListedObject] = []
        var token: String?
        var tokens: Set<String> = []
        repeat {
            var request = ObjectRequest("GET", address, isAboutBucket: true, action: "s3:ListBucket")
            request.query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(Self.pageSize)")]
            if !address.key.isEmpty { request.query.append(("prefix", address.key)) }
            if let token { request.query.append(("continuation-token", token)) }
            let body = try await send(request).response.body
            let root: XMLElement
            do throws(XMLReader.Failure) {
                root = try XMLReader.read(body)
            } catch {
                throw .invalidAnswer(request.place, reason: error.reason)
            }
            guard root.name == "ListBucketResult" else {
                throw .invalidAnswer(request.place, reason: "it is no list of objects")
            }
            let isEncoded = root["EncodingType"]?.text == "url"
            for entry in root.all("Contents") {
                guard let text = entry["Key"]?.text else { continue }
                let key = isEncoded ? Self.decodedKey(text) : text
                guard key.utf8.starts(with: address.key.utf8), !key.utf8.isEmpty, key.utf8.last != UInt8(ascii: "/")
                else { continue }
                objects.append(
                    ListedObject(
                        key: key, size: min(max(0, entry["Size"].flatMap { Int($0.text) } ?? 0), Self.listedSizeLimit),
                        etag: (entry["ETag"]?.text).flatMap(ObjectVersion.tag)))
                guard objects.count <= limit else { throw .tooManyFiles(address.location.text, limit: limit) }
            }
            let isTruncated = root["IsTruncated"]?.text == "true"
            let next = isTruncated ? root["NextContinuationToken"]?.text : nil
            let advances = next.map { $0.utf8.count <= Self.tokenLimit && tokens.insert($0).inserted } ?? true
            guard isTruncated == (next != nil), advances, tokens.count <= Self.pageLimit else {
                throw .invalidAnswer(request.place, reason: "its list does not advance")
            }
            token = next
        } while token != nil
        return objects
    }

    /// Decodes a key in a list, in which a plus sign is a space.
    private static func decodedKey(_ text: String) -> String {
        URLEncoding.decoded(text.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%20"))
    }
}
