import Foundation

/// Returns whether a process exists and is not a zombie.
package func isAlive(_ process: Int) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}

/// Returns the process whose child a process is.
package func parent(of process: Int) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return Int(text.split(separator: ")").last?.split(separator: " ").dropFirst().first ?? "") ?? 0
}

/// Waits until a condition is true that sends no notification, for at most two minutes; returns whether it became true.
package func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}
