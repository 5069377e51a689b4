import GalleyJSON

/// Special needs of some kernels, each with its reason.
struct KernelQuirks {
    /// Whether the kernel cannot listen on IPC sockets.
    var needsPorts = false
    /// Whether the kernel can encrypt its messages.
    var encrypts = false
    /// Whether the kernel's history is in a file that all kernels of a user share, and that they lock against one
    /// another.
    var sharesHistoryFile = false

    init(of spec: KernelSpec) {
        let program = FileSystem.base(spec.arguments.first ?? "")
        switch program {
        // Kernels in Java, Scala or Kotlin use JeroMQ, which supports IPC sockets only between Java programs.
        case "java": needsPorts = true
        // xeus builds its own endpoints from the file, and libzmq rejects them if they are paths.
        case _ where spec.arguments.contains("xpython_launcher"): needsPorts = true
        // Deno's kernel always builds its addresses as tcp://ip:port.
        case "deno": needsPorts = true
        default: break
        }
        // The launchers of Kotlin and Almond start Java themselves.
        if ["kotlin", "scala", "java"].contains(spec.language.lowercased()) { needsPorts = true }
        // Either one string or a list of strings, as in jupyter_client.
        let encryption = spec.metadata["supported_encryption"]
        encrypts = ([encryption].compactMap(\.self) + (encryption?.elements ?? [])).contains {
            $0.string?.lowercased() == "curve"
        }
        // By default, IPython keeps every input in an SQLite file.
        sharesHistoryFile = spec.arguments.contains("ipykernel_launcher") || spec.arguments.contains("ipykernel")
    }

    /// Returns whether the kernel listens on TCP ports of this machine.
    func usesPorts(_ transport: KernelOptions.Transport) -> Bool {
        transport == .tcp || (transport == .automatic && needsPorts)
    }
}

extension KernelSpec {
    /// Returns a warning if other users of the machine can read the kernel's messages; nil if they cannot.
    package func securityWarning(_ options: KernelOptions) -> String? {
        let quirks = KernelQuirks(of: self)
        guard quirks.usesPorts(options.transport), !quirks.encrypts else { return nil }
        return
            "kernel '\(name)' listens on TCP ports without encryption: other users of this machine can read its output"
    }
}
