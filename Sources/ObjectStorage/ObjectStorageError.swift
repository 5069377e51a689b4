public import GalleyStorage

/// The reason why an object in a store could not be read or written. Its old contents still
/// exist.
///
/// No case contains keys, tokens, queries of URLs or the body of a page.
@nonexhaustive
public enum ObjectStorageError: StorageFault, Hashable {
    /// The location is not that of an object.
    case invalidLocation(String, reason: String)
    /// There is no such bucket.
    case noSuchBucket(String)
    /// There is no such object.
    case notFound(String)
    /// The keys do not permit the action, such as `s3:GetObject`.
    case accessDenied(String, action: String, accessKeyID: String?)
    /// The store does not know the keys, or the secret does not belong to the ID.
    case wrongKeys(String, accessKeyID: String, code: String)
    /// There are no keys, or they cannot be obtained.
    case noCredentials(reason: String, isTransient: Bool)
    /// The temporary keys have expired and there are no newer ones.
    case expiredKeys(String, accessKeyID: String)
    /// The variables or the files of the user's profile contain something wrong.
    case invalidConfiguration(reason: String)
    /// The store is in another region, and does not say in which.
    case wrongRegion(String, region: String)
    /// The clock of this machine is wrong, and correcting it in the request did not help.
    case wrongClock(String)
    /// The server could not be reached.
    case unreachable(String, reason: String, isTransient: Bool)
    /// The task was canceled.
    case canceled(String)
    /// The contents have more bytes than the limit.
    case tooLarge(String, limit: Int)
    /// The contents that arrived are not those that the store has.
    case damaged(String, reason: String)
    /// The object has changed since it was listed or read.
    case changed(String)
    /// A folder has more files than the limit.
    case tooManyFiles(String, limit: Int)
    /// The name of an object cannot be that of a local file.
    case unsafeName(String)
    /// All names for a result beside the notebook are taken.
    case noFreeName(String)
    /// A local file could not be read or written.
    case localFile(String, operation: String, Errno)
    /// The store refuses the request.
    case refused(String, operation: String, status: Int, code: String, message: String)
    /// The answer of the store is not one of the protocol.
    case invalidAnswer(String, reason: String)
}

extension ObjectStorageError {
    /// Whether the next attempt may succeed.
    public var isTransient: Bool {
        switch self {
        case .noCredentials(_, let isTransient), .unreachable(_, _, let isTransient): isTransient
        case .refused(_, _, let status, let code, _):
            status == 429 || status >= 500 && status != 501 || StoreReply.transientCodes.contains(code)
        case .damaged, .changed: true
        default: false
        }
    }
}

extension ObjectStorageError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    public var description: String {
        switch self {
        case .invalidLocation(let place, let reason): "\(place): \(reason)"
        case .noSuchBucket(let place): "\(place): the store has no such bucket. Check the name, or create the bucket"
        case .notFound(let place): "\(place): no such object"
        case .accessDenied(let place, let action, let key):
            "\(place): access denied. "
                + (key.map { "Give the owner of the keys \($0) the permission \(action)" }
                    ?? "The request was not signed; give keys that have the permission \(action)")
                + (action == "s3:GetObject" ? ". A store also answers so for an object that does not exist" : "")
        case .wrongKeys(let place, let key, "SignatureDoesNotMatch"):
            "\(place): the store refuses the signature: the secret does not belong to the key \(key). Check "
                + "AWS_SECRET_ACCESS_KEY or the profile"
        case .wrongKeys(let place, let key, let code):
            "\(place): the store does not accept the key \(key) (\(code)). Check AWS_ACCESS_KEY_ID or the profile, "
                + "and the address of the store"
        case .noCredentials(let reason, _): reason
        case .expiredKeys(let place, let key):
            "\(place): the temporary keys \(key) have expired. Obtain new ones, for example by aws sso login"
        case .invalidConfiguration(let reason): reason
        case .wrongRegion(let place, let region):
            "\(place): the bucket is not in the region \(region). Set AWS_REGION to the region of the bucket"
        case .wrongClock(let place):
            "\(place): the store refuses the time of the request. Set the clock of this machine"
        case .unreachable(let place, let reason, _): "\(place): \(reason)"
        case .canceled(let place): "\(place): the request was canceled"
        case .tooLarge(let place, let limit): "\(place) has more than \(limit) bytes, which is the limit"
        case .damaged(let place, let reason): "\(place) did not arrive intact: \(reason). Run again"
        case .changed(let place): "\(place) has changed meanwhile. Run again"
        case .tooManyFiles(let place, let limit): "\(place) has more than \(limit) files. Give a longer path"
        case .unsafeName(let place):
            "\(place): this name cannot be that of a local file, because a part of it is empty, '.', '..' or longer "
                + "than 255 bytes. Rename the object"
        case .noFreeName(let place): "\(place): all names for a result beside it are taken. Remove old results"
        case .localFile(let path, let operation, let code): "\(path): \(operation) failed: \(code)"
        case .refused(let place, let operation, let status, let code, let message):
            "\(place): \(operation) failed with status \(status)" + (code.isEmpty ? "" : " \(code)")
                + (message.isEmpty ? "" : ": \(message)")
        case .invalidAnswer(let place, let reason):
            "\(place): the answer is not that of an object store: \(reason). Check the address of the store"
        }
    }
}
