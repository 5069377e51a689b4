import GalleyHTTP
public import GalleyStorage

/// Notebooks at `https://` and `http://` addresses, which can only be read.
///
/// Addresses that are signed for some hours, as object stores give them out, are read like others. Their query is in no
/// name and in no error.
public struct WebSource: StorageProvider {
    /// The name of the provider in messages.
    public let name = "the web"

    private let client: HTTPClient

    /// The greatest number of bytes of a notebook.
    private static let limit = Int(UInt32.max)
    /// The limit of a whole transfer.
    private static let timeout = Duration.seconds(3600)

    /// Creates a provider that uses the proxies and certificates of these variables. Does no I/O.
    public init(environment: [String: String]) { client = HTTPClient(HTTPSettings(environment: environment)) }

    /// Creates a provider that sends its requests with a client.
    init(client: HTTPClient) { self.client = client }

    /// Whether the scheme is `https` or `http`.
    public func opens(_ location: NotebookLocation) -> Bool { ["https", "http"].contains(location.scheme) }

    /// Creates the store of one notebook.
    ///
    /// - Throws: ``WebSourceError`` if the location is no address of a server.
    public func store(at location: NotebookLocation) throws -> any NotebookStore {
        let url = try Self.url(of: location)
        return WebNotebook(name: "\(url)") { try await read(url, limit: Self.limit) }
    }

    /// Throws an error: an address has no list of notebooks.
    public func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] {
        throw WebSourceError.noList(address: "\(try Self.url(of: folder))")
    }

    /// Returns the address without its fragment, in one spelling.
    public func identity(of location: NotebookLocation) -> String {
        (try? HTTPURL(parsing: location.text).text) ?? location.text
    }

    /// Returns the contents of a file at an address.
    ///
    /// - Throws: ``WebSourceError``, also for a file of more than `limit` bytes.
    package func readFile(at location: NotebookLocation, limit: Int) async throws -> [UInt8] {
        try await read(Self.url(of: location), limit: limit)
    }

    private static func url(of location: NotebookLocation) throws(WebSourceError) -> HTTPURL {
        do throws(HTTPError) {
            return try HTTPURL(parsing: location.text)
        } catch {
            // The text may contain a signature.
            throw .invalidAddress(reason: "\(error)")
        }
    }

    private func read(_ url: HTTPURL, limit: Int) async throws(WebSourceError) -> [UInt8] {
        var request = HTTPRequest(url, headers: ["Accept": "application/x-ipynb+json, application/json, */*;q=0.5"])
        (request.maximumBody, request.timeout) = (limit, Self.timeout)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await client.send(request)
        } catch .bodyTooLarge {
            throw .tooLarge(address: "\(url)", limit: limit)
        } catch {
            throw .unreachable(address: "\(url)", reason: "\(error)", isTransient: error.isTransient)
        }
        guard response.isSuccess else { throw WebSourceError(status: response.status, of: url) }
        let type = response.headers["Content-Type"]?.split(separator: ";").first?.lowercased() ?? ""
        // A server of static files may call any file a page. A notebook is JSON.
        if type.contains("html"), response.body.first(where: { !$0.isJSONSpace }) != UInt8(ascii: "{") {
            throw .page(address: "\(url)", file: Self.file(behind: url))
        }
        return response.body
    }

    /// Returns the address of the file that a page of a well-known service shows; nil for other pages.
    static func file(behind url: HTTPURL) -> String? {
        var parts = url.path.split(separator: "/", omittingEmptySubsequences: false)
        guard url.scheme == .https, parts.count > 5 else { return nil }
        switch url.host {
        // github.com/OWNER/REPOSITORY/blob/BRANCH/PATH
        case "github.com" where parts[3] == "blob":
            parts.remove(at: 3)
            return "https://raw.githubusercontent.com" + parts.joined(separator: "/")
        // gitlab.com/GROUP/PROJECT/-/blob/BRANCH/PATH
        case "gitlab.com":
            guard let index = parts.firstIndex(of: "blob"), parts[index - 1] == "-" else { return nil }
            parts[index] = "raw"
            return "https://gitlab.com" + parts.joined(separator: "/")
        default: return nil
        }
    }
}

/// A notebook at an address.
private actor WebNotebook: NotebookStore {
    /// The address without the values of its query.
    nonisolated let name: String
    /// Always false.
    nonisolated let canBeWrittenAgain = false
    private let load: @Sendable () async throws -> [UInt8]

    init(name: String, load: @escaping @Sendable () async throws -> [UInt8]) { (self.name, self.load) = (name, load) }

    /// Does nothing: no run writes the notebook.
    func lock() {}

    func read() async throws -> [UInt8] { try await load() }

    func checkWritable() throws { throw WebSourceError.readOnly(address: name) }

    func write(_ bytes: some ByteRuns) throws -> WriteOutcome { throw WebSourceError.readOnly(address: name) }
}

extension UInt8 {
    /// Whether JSON may have the byte before its first value; those of a byte order mark too.
    fileprivate var isJSONSpace: Bool { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains(self) }
}
