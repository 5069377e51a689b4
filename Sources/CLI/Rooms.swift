import Galley
import GalleyAttachedKernels
import GalleyFlags
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyObjectStorage
import GalleyRuns
import GalleyStorage

/// The composition of the program: the one place that chooses among providers and lists the flags of rooms.
enum Rooms {
    /// The flags of the rooms that take part in a run.
    static let flags: [Flag<ExecuteArguments>] =
        Options.flags.map { $0.inside(\.options) } + ServerOptions.flags(in: \.server) + [
            Flag(
                "--existing", takes: "FILE|ID", example: "newest", in: .kernel,
                "Use a running kernel: its connection file, its ID in 'galley runs' or 'galley kernels', or newest"
            ) { arguments, value, _ in arguments.existingKernel = value }
        ]

    /// Returns the kernel providers that `galley kernels` lists: those of a server, or those of this machine.
    static func providers(of options: ServerOptions) -> [any KernelProvider] {
        options.server.map { [$0, $0.runningKernels(nil)] } ?? [LocalKernels(), AttachedKernels()]
    }

    /// Returns the storage providers for notebooks and results that are not local files.
    static func storage(for arguments: ExecuteArguments) -> [any StorageProvider] {
        (arguments.server.server.map { [$0.contents] } ?? []) + arguments.stores
    }

    /// Returns the providers of stores and web addresses, which use the credentials and proxies of these variables.
    static func stores(_ environment: [String: String]) -> [any StorageProvider] {
        [ObjectStorage(environment: environment), WebSource(environment: environment)]
    }

    /// Refuses a location that no storage provider opens.
    static func check(_ location: NotebookLocation, hasServer: Bool) throws(UsageError) {
        if location.serverPath != nil {
            if hasServer { return }
            throw UsageError("\(location): which server? Add --server URL; a local file of this name is ./\(location)")
        }
        guard stores([:]).contains(where: { $0.opens(location) }) else {
            throw UsageError("\(UnknownStorage(location: NotebookLocation(location.shown)))")
        }
    }

    /// Refuses a location where no result or report can be written.
    ///
    /// - Parameter subject: The option, or the thing to write.
    static func checkWritable(
        _ location: NotebookLocation, for subject: String, hasServer: Bool, isReport: Bool = false
    ) throws(UsageError) {
        if location.isWebAddress {
            throw UsageError(
                "\(subject): Galley only reads web addresses such as \(location.shown); name a local file or an object of a "
                    + "store" + (isReport ? "" : ", with --output or --output-dir"))
        }
        if isReport, location.serverPath != nil {
            throw UsageError("\(subject) \(location): reports are not written to a Jupyter server; name a local file")
        }
        try check(location, hasServer: hasServer)
    }

    /// Asks the kernel of a connection file to shut down, and waits for its reply for at most `limit`.
    static func requestShutdown(ofKernelAt path: String, within limit: Duration) async {
        await AttachedKernels.requestShutdown(of: path, within: limit)
    }

    /// Refuses options for the start of a kernel that the provider does not support.
    static func checkKernelOptions(_ arguments: ExecuteArguments) throws(UsageError) {
        let options = arguments.options
        let flags: [(name: String, feature: KernelFeature, isGiven: Bool)] = [
            ("--param-env and --secret", .environment, !options.parameters.secrets.isEmpty),
            ("--env", .environment, !options.environment.isEmpty),
            ("--cwd", .workingDirectory, options.workingDirectory != nil),
            ("--kernel-fallback", .fallback, options.allowsKernelFallback),
            ("--leave-children", .survivingChildren, options.leavesChildren),
            ("--ExecutePreprocessor.extra_arguments", .arguments, !options.kernelArguments.isEmpty),
        ]
        let provider = kernels(for: arguments)
        guard let flag = flags.first(where: { $0.isGiven && !provider.features.contains($0.feature) }) else { return }
        let reason =
            provider.endsKernels ? "a Jupyter server cannot do that" : "the kernel of --existing is already running"
        throw UsageError("\(flag.name): \(reason); leave \(flag.name) out")
    }

    /// Returns the kernel provider of a run.
    static func kernels(for arguments: ExecuteArguments) -> any KernelProvider {
        let name = arguments.existingKernel.map { $0 == "newest" ? nil : $0 }
        switch (arguments.server.server, name) {
        case (let server?, nil): return server
        case (let server?, .some(let id)):
            let recorded = id.flatMap { RunRegistry.own()?.kernel($0, of: ServerKernelRecord.self)?.kernelID }
            return server.runningKernels(recorded ?? id)
        case (nil, nil): return arguments.localKernels
        case (nil, .some(let name)):
            return AttachedKernels(name) { id in
                let kept = RunRegistry.own()?.kernel(id, of: KeptKernelRecord.self)
                return kept.flatMap { $0.isAlive ? $0.connectionFile : nil }
            }
        }
    }
}
