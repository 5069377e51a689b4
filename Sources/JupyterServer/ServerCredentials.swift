/// The way to log in to a Jupyter server.
///
/// A description of the value names the way, and contains no secret.
@nonexhaustive
public enum ServerCredentials: Hashable, Sendable {
    /// The first token of these: the `token` in the server's URL, the environment variable `JUPYTER_TOKEN`, the file
    /// named by `JUPYTER_TOKEN_FILE` and, for a server of this machine, Jupyter's runtime files. Without any, none.
    case automatic
    /// A token of the server or of JupyterHub.
    case token(String)
    /// The path of a file that contains a token.
    case tokenFile(String)
    /// The password of the server's login page.
    case password(String)
    /// A URL that logs in the client that opens it, such as a presigned URL of a studio. It can be used once.
    case loginURL(String)
    /// No credentials, for a server that asks for none.
    case none
}

extension ServerCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The way to log in, without the secret.
    public var description: String {
        switch self {
        case .automatic: "automatic credentials"
        case .token: "a token"
        case .tokenFile: "a token file"
        case .password: "a password"
        case .loginURL: "a login URL"
        case .none: "no credentials"
        }
    }

    /// The way to log in, without the secret.
    public var debugDescription: String { description }

    /// A mirror without children, so that `dump` prints no secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
