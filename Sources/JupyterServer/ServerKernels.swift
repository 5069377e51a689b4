import GalleyHTTP
import GalleyJSON
import GalleyJupyterProtocol

/// The kernels that a server can start.
struct ServerKernels: Sendable {
    /// The kernels, in the order of their names.
    let kernels: [KernelDescription]
    /// The name of the kernel that the server uses if a client names none.
    let defaultName: String?

    /// Reads the reply to `GET api/kernelspecs`; returns nil if it is not one.
    init?(_ json: Value, location: String) {
        guard let specs = json["kernelspecs"], specs.kind == .object else { return nil }
        defaultName = json["default"]?.string
        kernels = specs.members.map { name, entry in
            let spec = entry["spec"]
            return KernelDescription(
                name: name, displayName: spec?["display_name"]?.string ?? name,
                language: spec?["language"]?.string ?? "", location: location,
                interruptMode: spec?["interrupt_mode"]?.string)
        }.sorted { $0.name < $1.name }
    }

    /// A kernel that was chosen for a request.
    struct Choice: Hashable {
        let name: String
        /// A sentence for the user, if the kernel replaces a missing one.
        var warning: String?
    }

    /// Returns the kernel for a request; nil if the server does not have it.
    ///
    /// A kernel that the caller names is never replaced. That of the notebook is replaced only if the request allows it,
    /// and only by the one kernel of the same language.
    func choose(for request: KernelRequest) -> Choice? {
        guard let wanted = request.kernel ?? request.notebook.name else {
            let language = request.notebook.language
            let name = language.flatMap(onlyKernel) ?? (language == nil ? defaultName : nil)
            return name.flatMap { find($0) }.map { Choice(name: $0) }
        }
        if let name = find(wanted) { return Choice(name: name) }
        guard request.kernel == nil, request.allowsFallback,
            let name = request.notebook.language.flatMap(onlyKernel)
        else { return nil }
        return Choice(
            name: name, warning: "the server has no kernel '\(wanted)', so the notebook runs in '\(name)'")
    }

    /// Names of kernels are compared without case, as by Jupyter.
    private func find(_ name: String) -> String? {
        kernels.first { $0.name == name }?.name
            ?? kernels.first { $0.name.lowercased() == name.lowercased() }?.name
    }

    private func onlyKernel(of language: String) -> String? {
        let found = kernels.filter { $0.language.lowercased() == language.lowercased() }
        return found.count == 1 ? found[0].name : nil
    }
}

extension ServerConnection {
    /// Returns the kernels that the server can start.
    func kernels(timeout: Duration = .seconds(60)) async throws(ServerError) -> ServerKernels {
        let reply = try await send("GET", ["kernelspecs"], timeout: timeout)
        guard reply.isSuccess else { throw failure(reply, "GET api/kernelspecs") }
        guard let kernels = reply.json.flatMap({ ServerKernels($0, location: description) }) else {
            throw .invalidReply(base.origin, request: "GET api/kernelspecs")
        }
        return kernels
    }
}
