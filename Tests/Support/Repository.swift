import Foundation

/// The folders of this repository that tests read, and what `Tests/run` installs and builds in them.
package enum Repository {
    package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Returns the path of a file in `Tests/Fixtures`.
    package static func fixture(_ name: String) -> String { "\(root)/Tests/Fixtures/\(name)" }

    /// Returns the contents of a file in `Tests/Fixtures`.
    package static func fixtureBytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: fixture(name))))
    }

    /// The Python environment with the real kernels, and with nbconvert and its relatives.
    package static let kernels = root + "/.build/python"

    /// The Python of ``kernels``.
    package static let python = kernels + "/bin/python"

    /// The Python that runs `Tests/Fixtures/kernels/fixture.py`; it has pyzmq and nothing else.
    package static let fixturePython = root + "/.build/python-fixtures/bin/python3"

    /// The folder that the tests were built into, with the other programs of the package.
    package static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
}
