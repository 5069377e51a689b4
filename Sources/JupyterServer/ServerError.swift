package import GalleyHTTP
import GalleyJupyterProtocol

/// The reason why a Jupyter server could not be used. No case contains a token, a password or the query of a URL.
package enum ServerError: KernelFault, Hashable {
    // MARK: Access
    /// The address of the server is not valid.
    case invalidAddress(reason: String)
    /// The exchange with the server failed.
    case http(HTTPError)
    /// No Jupyter server answers at the address.
    case notAServer(HTTPURL.Origin, status: Int)
    /// The server refuses a request without credentials.
    case credentialsMissing(HTTPURL.Origin)
    /// The server refuses the credentials.
    case credentialsRefused(HTTPURL.Origin, ServerCredentials.Kind)
    /// The server forbids the request, for a reason of its own.
    case forbidden(HTTPURL.Origin, reason: String)
    /// The server's login page does not ask for a password.
    case noPasswordLogin(HTTPURL.Origin)
    /// The login failed for another reason.
    case loginFailed(HTTPURL.Origin, reason: String)
    /// A token cannot be read from its file.
    case tokenFile(path: String, reason: String)
    /// A reply does not have the form that the API prescribes.
    case invalidReply(HTTPURL.Origin, request: String)
    /// The server answers a request with an error.
    case failed(HTTPURL.Origin, request: String, status: Int, reason: String?)

    // MARK: Kernels
    /// The server has no kernel for the request.
    case kernel(HTTPURL.Origin, ServerKernelError)

    // MARK: Starting a server
    /// The server, or the application in a studio, did not become ready in time.
    case notReady(HTTPURL.Origin, state: String, Duration)
    /// The server, or the application in a studio, ended or failed instead of becoming ready.
    case notStarted(HTTPURL.Origin, state: String)
    /// The hub does not allow the token to do this; `scope` is the scope that it needs.
    case scopeMissing(HTTPURL.Origin, scope: String)

    // MARK: Terminals
    /// The server has no terminals.
    case noTerminals(HTTPURL.Origin)
    /// The shell of a terminal ended before the command did.
    case shellEnded
    /// The shell of a terminal does not respond.
    case shellSilent(Duration)
    /// The command has not finished in time and was ended.
    case commandTimedOut(Duration)
    /// The command cannot be sent to a terminal.
    case invalidCommand(reason: String)
    /// The connection to a terminal ended before the command did.
    case terminalLost(reason: String)
}

extension ServerCredentials {
    /// The kind of credentials, without the secret.
    package enum Kind: String, Hashable, Sendable {
        case token, password
        case login
    }
}

extension ServerError {
    /// Whether the next attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .http(let error): error.isTransient
        case .kernel(_, let error): error.isTransient
        case .notReady, .terminalLost, .shellSilent: true
        case .failed(_, _, let status, _): status == 429 || (500...599).contains(status)
        default: false
        }
    }
}

extension ServerError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    package var description: String {
        switch self {
        case .invalidAddress(let reason): "The address of the Jupyter server is not usable: \(reason)"
        case .http(let error): "\(error)"
        case .notAServer(let server, let status):
            "\(server): no Jupyter server answers at this address (HTTP status \(status)). Copy the address of its "
                + "page from the browser"
        case .credentialsMissing(let server):
            "\(server) asks for credentials. Give its token with --token-file or JUPYTER_TOKEN, or a password"
        case .credentialsRefused(let server, .token):
            "\(server) refuses the token. Use the token that the server prints when it starts, or make a new one"
        case .credentialsRefused(let server, .password): "\(server) refuses the password. Check it and try again"
        case .credentialsRefused(let server, .login):
            "\(server): the login has expired or was refused. Create a new login URL"
        case .forbidden(let server, let reason): "\(server) forbids the request: \(reason)"
        case .noPasswordLogin(let server):
            "\(server): the login page does not ask for a password. Use a token instead"
        case .loginFailed(let server, let reason): "\(server): the login failed: \(reason)"
        case .tokenFile(let path, let reason): "\(path): no token can be read: \(reason)"
        case .invalidReply(let server, let request):
            "\(server): the reply to '\(request)' is not that of a Jupyter server. Check the address, and any proxy"
        case .failed(let server, let request, let status, let reason):
            "\(server): '\(request)' failed with HTTP status \(status)" + (reason.map { ": \($0)" } ?? "")
        case .kernel(let server, let error): "\(server): \(error)"
        case .notReady(let server, let state, let limit):
            "\(server) was not ready within \(limit.components.seconds) s (\(state)). Use a longer --startup-timeout"
        case .notStarted(let server, let state): "\(server) did not start: \(state)"
        case .scopeMissing(let server, let scope):
            "\(server): the token may not do this. Create a token with the scope '\(scope)'"
        case .noTerminals(let server): "\(server) has no terminals. Use a Jupyter Server with terminals enabled"
        case .shellEnded: "The shell of the terminal ended before the command did, so its exit status is unknown"
        case .shellSilent(let limit):
            "The shell of the terminal did not respond within \(limit.components.seconds) s. Check its start-up files"
        case .commandTimedOut(let limit):
            "The command did not finish within \(limit.components.seconds) s and was ended"
        case .invalidCommand(let reason): "The command cannot be run in a terminal: \(reason)"
        case .terminalLost(let reason): "The connection to the terminal ended before the command did: \(reason)"
        }
    }
}
