package import GalleyHTTP
import GalleyStorage

/// The reasons why there are no credentials for the requests to a store.
///
/// No case contains a secret: texts of services and programs are shortened to a line, without what was sent to them.
package enum CredentialError: Error, Hashable, Sendable {
    /// A file of the AWS tools cannot be read or understood.
    case file(path: String, line: Int?, reason: String)
    /// A variable or a property has a value that means nothing.
    case setting(name: String, reason: String)
    /// The profile that was asked for is in none of the files.
    case noProfile(name: String, files: [String])
    /// A profile does not say completely, or says in a way that this program cannot follow, where its keys come from.
    case profile(name: String, reason: String)
    /// The program of a profile gave no keys.
    case program(profile: String, reason: String)
    /// The user has to log in, because there is no valid token of an earlier login.
    case login(profile: String, reason: String)
    /// A service did not respond.
    case unreachable(CredentialService, HTTPError)
    /// A service answered with an error.
    case refused(CredentialService, status: Int, message: String?)
    /// The answer of a service cannot be understood.
    case invalidAnswer(CredentialService, reason: String)
    /// The keys of a source are already expired.
    case expired(source: String)
    /// No source has keys.
    case noCredentials(reasons: [String], metadata: HTTPError?)
    /// The task was canceled.
    case canceled
}

/// A service that gives temporary keys.
package enum CredentialService: String, Hashable, Sendable, CustomStringConvertible {
    case securityTokens = "the AWS security token service"
    case singleSignOn = "AWS IAM Identity Center"
    case container = "the credential service of the container"
    case instance = "the metadata service of the instance"

    /// The name of the service in a sentence.
    package var description: String { rawValue }

    /// What to look at when the service fails.
    var remedy: String {
        switch self {
        case .securityTokens: "Check role_arn, the permissions of the role and AWS_REGION"
        case .singleSignOn: "Check sso_account_id, sso_role_name and sso_region, or run aws sso login"
        case .container: "Check the role of the task or pod, and AWS_CONTAINER_CREDENTIALS_FULL_URI"
        case .instance: "Check the role of the instance (its IAM instance profile) and its metadata options"
        }
    }
}

extension CredentialError: StorageFault {
    /// Whether the next attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .unreachable(_, let error): error.isTransient
        case .refused(_, let status, _): status == 429 || (500...599).contains(status)
        case .noCredentials(_, let metadata): if case .timedOut = metadata { true } else { false }
        case .file, .setting, .noProfile, .profile, .program, .login, .invalidAnswer, .expired, .canceled: false
        }
    }
}

extension CredentialError: CustomStringConvertible {
    /// The source that failed, the reason, and a remedy.
    package var description: String {
        switch self {
        case .file(let path, let line, let reason):
            "\(path)\(line.map { ":\($0)" } ?? ""): \(reason). Correct the file"
        case .setting(let name, let reason): "\(name) is not valid: \(reason)"
        case .noProfile(let name, let files):
            "There is no profile '\(name)' in \(files.joined(separator: " or ")). Check AWS_PROFILE"
        case .profile(let name, let reason): "The profile '\(name)' gives no keys: \(reason)"
        case .program(let profile, let reason):
            "The credential_process of the profile '\(profile)' gave no keys: \(reason)"
        case .login(let profile, let reason): "\(reason). Run aws sso login --profile \(profile)"
        case .unreachable(let service, let error):
            "No keys from \(service): \(error.description.lowercasingArticle). \(service.remedy)"
        case .refused(let service, let status, let message):
            "\(service.description.capitalizingArticle) refuses to give keys (status \(status))"
                + "\(message.map { ": \($0)" } ?? ""). \(service.remedy)"
        case .invalidAnswer(let service, let reason):
            "The answer of \(service) cannot be understood: \(reason). \(service.remedy)"
        case .expired(let source): "The keys from \(source) are expired. Renew them"
        case .noCredentials(let reasons, _):
            "There are no credentials for the store (\(reasons.joined(separator: "; "))). Set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role; for a public bucket, set "
                + "AWS_NO_SIGN_REQUEST=1"
        case .canceled: "The request was canceled"
        }
    }
}

extension String {
    /// The text with an article at its beginning in lowercase, for the middle of a sentence.
    fileprivate var lowercasingArticle: String { hasPrefix("The ") ? "the" + dropFirst(3) : self }

    /// The text with an article at its beginning in uppercase.
    fileprivate var capitalizingArticle: String { hasPrefix("the ") ? "The" + dropFirst(3) : self }
}
