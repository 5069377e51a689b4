/// A kind of Jupyter server, which determines the calls that it answers, and its version.
package enum ServerKind: Hashable, Sendable {
    /// A Jupyter Server, also one that JupyterHub or a studio has started.
    case jupyterServer(version: String?)
    /// A Kernel Gateway, which has kernels but neither contents nor terminals.
    case kernelGateway(version: String?)
    /// An Enterprise Gateway, which has kernels on a cluster but neither contents nor terminals.
    case enterpriseGateway(version: String?)

    /// Whether the server only has kernels.
    package var isGateway: Bool {
        switch self {
        case .jupyterServer: false
        case .kernelGateway, .enterpriseGateway: true
        }
    }
}

extension ServerKind: CustomStringConvertible {
    /// The name of the software, with its version if the server tells it.
    package var description: String {
        switch self {
        case .jupyterServer(let version): Self.name("Jupyter Server", version)
        case .kernelGateway(let version): Self.name("Jupyter Kernel Gateway", version)
        case .enterpriseGateway(let version): Self.name("Jupyter Enterprise Gateway", version)
        }
    }

    private static func name(_ name: String, _ version: String?) -> String { version.map { "\(name) \($0)" } ?? name }
}
