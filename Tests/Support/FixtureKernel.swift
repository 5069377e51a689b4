package import GalleyLocalKernels

/// The kernels of the tests: those that do one thing wrong, and real ones.
package enum FixtureKernel {
    /// Returns the description of `Tests/Fixtures/kernels/fixture.py` in one of its modes.
    package static func spec(_ mode: String, interruptMode: KernelSpec.InterruptMode = .signal) -> KernelSpec {
        KernelSpec(
            name: mode, displayName: mode, language: "fixture",
            arguments: [
                Repository.fixturePython, Repository.fixture("kernels/fixture.py"), mode, "{connection_file}",
            ],
            interruptMode: interruptMode, folder: Repository.fixture("kernels"))
    }

    /// Returns a finder of the real kernels that `Tests/run` installs, and of those of the system.
    package static func finder(environment: String = "python") -> KernelFinder {
        KernelFinder(environment: [
            "JUPYTER_PATH": "\(Repository.root)/.build/\(environment)/share/jupyter", "PATH": "/usr/bin:/bin",
        ])
    }
}
