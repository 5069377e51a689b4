import GalleyJSON

/// What some kernels need that others do not, each with its reason.
struct KernelQuirks {
    /// It cannot listen on sockets in a folder.
    var needsPorts = false
    /// It can encrypt what it says.
    var encrypts = false
    /// It keeps its history in a file that all kernels of a user share, and that locks them out of one another.
    var sharesHistoryFile = false

    init(of spec: KernelSpec) {
        let program = FileSystem.base(spec.arguments.first ?? "")
        switch program {
        // JeroMQ, which every kernel in Java, Scala or Kotlin speaks through, knows sockets in folders only among
        // programs in Java.
        case "java": needsPorts = true
        // xeus makes endpoints of its own from the file and is refused by libzmq where they are paths.
        case _ where spec.arguments.contains("xpython_launcher"): needsPorts = true
        // Deno's kernel builds its addresses as tcp://ip:port whatever the file says.
        case "deno": needsPorts = true
        default: break
        }
        // Kotlin's and Almond's launchers start Java themselves.
        if ["kotlin", "scala", "java"].contains(spec.language.lowercased()) { needsPorts = true }
        // As Jupyter's own client reads it: one word, or a list of them.
        let encryption = spec.metadata["supported_encryption"]
        encrypts = ([encryption].compactMap(\.self) + (encryption?.elements ?? [])).contains {
            $0.string?.lowercased() == "curve"
        }
        // IPython keeps every input in an SQLite file unless it is told otherwise.
        sharesHistoryFile = spec.arguments.contains("ipykernel_launcher") || spec.arguments.contains("ipykernel")
    }

    /// Whether it listens on ports of this machine.
    func usesPorts(_ transport: KernelOptions.Transport) -> Bool {
        transport == .tcp || (transport == .automatic && needsPorts)
    }
}

extension KernelSpec {
    /// What other users of the machine can do while the kernel runs, and should not; nil where there is nothing.
    package func securityWarning(_ options: KernelOptions) -> String? {
        let quirks = KernelQuirks(of: self)
        guard quirks.usesPorts(options.transport), !quirks.encrypts else { return nil }
        return
            "kernel '\(name)' listens on ports of this machine and does not encrypt: other users of the machine can read what it puts out"
    }
}
