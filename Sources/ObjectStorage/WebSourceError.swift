import GalleyHTTP
public import GalleyStorage

/// The reason why a notebook at a web address was not read.
///
/// Addresses are without the values of their query, which may be a signature.
@nonexhaustive
public enum WebSourceError: StorageFault, Hashable {
    /// The location is no address of a server.
    case invalidAddress(reason: String)
    /// The server did not respond.
    case unreachable(address: String, reason: String, isTransient: Bool)
    /// The server has nothing at the address.
    case notFound(address: String)
    /// The server demands a login or a signature, or refuses the one of the address.
    case notPermitted(address: String, status: Int)
    /// The server answered with the status of another error.
    case failed(address: String, status: Int)
    /// The address is that of a page. `file` is the address of the file that it shows, if that is known.
    case page(address: String, file: String?)
    /// The file is larger than the limit, in bytes.
    case tooLarge(address: String, limit: Int)
    /// A notebook at an address cannot be written.
    case readOnly(address: String)
    /// An address does not stand for several notebooks.
    case noList(address: String)

    init(status: Int, of url: HTTPURL) {
        self =
            switch status {
            case 404, 410: .notFound(address: "\(url)")
            case 401, 403, 407: .notPermitted(address: "\(url)", status: status)
            default: .failed(address: "\(url)", status: status)
            }
    }

    /// Whether the next attempt may succeed.
    public var isTransient: Bool {
        switch self {
        case .unreachable(_, _, let isTransient): isTransient
        case .failed(_, let status): status == 429 || status >= 500
        default: false
        }
    }
}

extension WebSourceError: CustomStringConvertible {
    /// What failed, why, and what to do.
    public var description: String {
        switch self {
        case .invalidAddress(let reason): "the address cannot be opened: \(reason)"
        case .unreachable(let address, let reason, _): "\(address) cannot be read: \(reason)"
        case .notFound(let address): "\(address) does not exist (status 404); check the address"
        case .notPermitted(let address, let status):
            "\(address) may not be read (status \(status)); if it is a signed address, get a new one, because each is "
                + "valid for some time only"
        case .failed(let address, let status): "\(address) cannot be read: the server answered with status \(status)"
        case .page(let address, let file?): "\(address) is a web page that shows the file; use \(file)"
        case .page(let address, nil):
            "\(address) is a web page, not a notebook; use the address from which the page downloads the file"
        case .tooLarge(let address, let limit): "\(address) has more than \(limit) bytes"
        case .readOnly(let address): "\(address) can only be read; name a place for the result with --output"
        case .noList(let address): "\(address) is the address of one notebook; folders of the web cannot be listed"
        }
    }
}
