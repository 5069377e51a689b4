/// What some kernels need that others do not, each with its reason.
struct Quirks {
    /// It cannot listen on sockets in a folder.
    var needsPorts = false
    /// It keeps its history in a file that all kernels of a user share, and that locks them out of one another.
    var sharesHistoryFile = false

    init(of spec: KernelSpec) {
        let program = Files.base(spec.arguments.first ?? "")
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
        // IPython keeps every input in an SQLite file unless it is told otherwise.
        sharesHistoryFile = spec.arguments.contains("ipykernel_launcher") || spec.arguments.contains("ipykernel")
    }
}
