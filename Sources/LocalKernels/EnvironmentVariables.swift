import GalleyJupyterProtocol
import Glibc

/// Returns the variables of this process. If `HOME` is not set, it is the home folder of the process's user.
package func currentEnvironment() -> [String: String] {
    var environment = processEnvironment()
    if environment["HOME", default: ""].isEmpty { environment["HOME"] = Account.current?.home }
    return environment
}

extension [String: String] {
    /// The variables, with a UTF-8 locale if they set none.
    ///
    /// Otherwise Python before 3.7 assumes that its input is ASCII, and R prints the names of characters instead of the
    /// characters.
    var withLocale: [String: String] {
        guard ["LC_ALL", "LC_CTYPE", "LANG"].allSatisfy({ self[$0, default: ""].isEmpty }) else { return self }
        var variables = self
        variables["PYTHONUTF8"] = self["PYTHONUTF8"] ?? "1"
        // Not every system has this locale.
        if let locale = unsafe newlocale(Int32(LC_CTYPE_MASK), "C.UTF-8", nil) {
            unsafe freelocale(locale)
            variables["LC_CTYPE"] = "C.UTF-8"
        }
        return variables
    }
}

extension Account {
    /// Returns the variables for a program that another user, `caller`, starts as this user.
    ///
    /// Keeps the variables of `caller`, except those that identify the caller or lead to the caller's home folder. Adds
    /// the variables that a login sets. The search path is that of the login, followed by the caller's. If a Python or
    /// Conda environment is active in `caller`, the caller's path comes first.
    package func environment(insteadOf caller: [String: String], login: [String: String]) -> [String: String] {
        let home = caller["HOME"] ?? ""
        func isOfCaller(_ path: String) -> Bool { home.count > 1 && (path == home || path.hasPrefix(home + "/")) }
        var variables = caller.filter { name, value in
            let isPersonal =
                Self.personal.contains(name) || Self.personalPrefixes.contains { name.hasPrefix($0) }
                || Self.isCredential(name)
            return !isPersonal && (name == "PATH" || !isOfCaller(value))
        }
        let isActive = ["CONDA_PREFIX", "VIRTUAL_ENV"].contains { !variables[$0, default: ""].isEmpty }
        for (name, value) in login where variables[name, default: ""].isEmpty && !Self.personal.contains(name) {
            let isOfEnvironment = name.hasPrefix("CONDA_") || name == "VIRTUAL_ENV"
            if !(isActive && isOfEnvironment) { variables[name] = value }
        }
        var paths = [caller["PATH"], login["PATH"]].map { ($0 ?? "").split(separator: ":").map(String.init) }
        paths[0].removeAll(where: isOfCaller)
        let path = isActive ? paths[0] + paths[1] : paths[1] + paths[0]
        variables["PATH"] = path.isEmpty ? nil : path.unique.joined(separator: ":")
        return variables.merging(loginVariables) { $1 }
    }

    /// The variables that every login sets.
    var loginVariables: [String: String] {
        ["HOME": home, "USER": name, "LOGNAME": name, "SHELL": shell.isEmpty ? "/bin/sh" : shell]
    }

    private static let personal: Set = ["HOME", "USER", "LOGNAME", "SHELL", "MAIL", "PWD", "OLDPWD", "SHLVL", "_"]
    /// Whether a variable can hold or name keys of object stores. Others, such as the region, apply to the machine.
    private static func isCredential(_ name: String) -> Bool {
        if name.hasPrefix("GS_") { return name != "GS_ENDPOINT_URL" }
        return name.hasPrefix("AWS_")
            && !["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS"].contains(name)
            && !["AWS_ENDPOINT_URL", "AWS_EC2_METADATA_", "AWS_USE_"].contains { name.hasPrefix($0) }
    }

    /// The prefixes of variables that belong to a session. Those of a service manager lead to sockets and secrets of
    /// the service that started the caller.
    private static let personalPrefixes = [
        "XDG_", "SUDO_", "SSH_", "DBUS_", "KRB5", "NOTIFY_SOCKET", "LISTEN_", "CREDENTIALS_", "JOURNAL_STREAM",
    ]
}
