import Glibc

/// Returns the environment variables of this process.
package func processEnvironment() -> [String: String] {
    var environment: [String: String] = [:]
    // Safe as long as no thread changes the environment at the same time, which this library never does.
    var entry = unsafe environ
    while let variable = unsafe entry.pointee {
        let text = unsafe String(cString: variable)
        // An entry without a name is not a variable.
        if let equals = text.firstIndex(of: "="), equals > text.startIndex {
            environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        unsafe entry += 1
    }
    return environment
}
