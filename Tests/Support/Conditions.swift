import Foundation
package import Testing

package let isRoot = geteuid() == 0

/// Whether `Tests/run --fast` runs the tests.
private let isFast = ProcessInfo.processInfo.environment["GALLEY_TESTS"] == "fast"

extension Trait where Self == ConditionTrait {
    /// Leaves a test out of `Tests/run --fast` because it runs a real kernel.
    package static var realKernel: Self { .disabled(if: isFast, "a fast run starts no real kernel") }

    /// Leaves a test out of `Tests/run --fast` because it computes, or waits, for many seconds.
    package static var slow: Self { .disabled(if: isFast, "a fast run leaves out what takes long") }

    /// Runs a test only as root, and not in `Tests/run --fast`.
    package static func root(_ reason: Comment) -> Self { .enabled(if: isRoot && !isFast, reason) }

    /// Runs a test only where the process may mount, and not in `Tests/run --fast`.
    package static var mounting: Self { .enabled(if: !isFast && canMount, "this needs the right to mount") }
}

/// Whether this process may mount: root may, unless it is in a container without the right.
package let canMount: Bool = {
    guard isRoot, let folder = try? TemporaryFolder() else { return false }
    return runCommand("mount", "-t", "tmpfs", "tmpfs", folder.path) && runCommand("umount", folder.path)
}()

/// Runs a program to its end, with no output, and returns whether it succeeded.
@discardableResult package func runCommand(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}
