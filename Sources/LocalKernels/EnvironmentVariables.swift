import Glibc

/// The variables of this process, and the home of its user where they do not tell it.
package func currentEnvironment() -> [String: String] {
    var environment: [String: String] = [:]
    // Safe as long as nobody changes the environment at the same time, which this library never does.
    var entry = unsafe environ
    while let variable = unsafe entry.pointee {
        let text = unsafe String(cString: variable)
        // What has no name is no variable, and nobody has meant it.
        if let equals = text.firstIndex(of: "="), equals > text.startIndex {
            environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        unsafe entry += 1
    }
    if environment["HOME", default: ""].isEmpty { environment["HOME"] = Account.current?.home }
    return environment
}

extension [String: String] {
    /// The variables with a locale that knows all characters, where they name none.
    ///
    /// Python before 3.7 would take what it reads for ASCII, and R would write names for letters.
    var withLocale: [String: String] {
        guard ["LC_ALL", "LC_CTYPE", "LANG"].allSatisfy({ self[$0, default: ""].isEmpty }) else { return self }
        var variables = self
        variables["PYTHONUTF8"] = self["PYTHONUTF8"] ?? "1"
        // Not every system has one.
        if let locale = unsafe newlocale(Int32(LC_CTYPE_MASK), "C.UTF-8", nil) {
            unsafe freelocale(locale)
            variables["LC_CTYPE"] = "C.UTF-8"
        }
        return variables
    }
}

extension Account {
    /// The variables that a program of this user's starts with when somebody else starts it.
    ///
    /// What `caller` has set stays, but for what says who the caller is, or leads to the caller's own home. What a login sets
    /// is added. The search path is that of the login, then the caller's; where an environment of Python's or Conda's is
    /// active in the caller's, that comes first.
    package func environment(insteadOf caller: [String: String], login: [String: String]) -> [String: String] {
        let home = caller["HOME"] ?? ""
        func isOfCaller(_ path: String) -> Bool { home.count > 1 && (path == home || path.hasPrefix(home + "/")) }
        var variables = caller.filter { name, value in
            let isPersonal = Self.personal.contains(name) || Self.personalPrefixes.contains { name.hasPrefix($0) }
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

    /// What every login sets.
    var loginVariables: [String: String] {
        ["HOME": home, "USER": name, "LOGNAME": name, "SHELL": shell.isEmpty ? "/bin/sh" : shell]
    }

    private static let personal: Set = ["HOME", "USER", "LOGNAME", "SHELL", "MAIL", "PWD", "OLDPWD", "SHLVL", "_"]
    /// Those of a service manager lead to sockets and secrets of the service that has started the caller.
    private static let personalPrefixes = [
        "XDG_", "SUDO_", "SSH_", "DBUS_", "KRB5", "NOTIFY_SOCKET", "LISTEN_", "CREDENTIALS_", "JOURNAL_STREAM",
    ]
}
