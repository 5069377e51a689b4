import Galley
import GalleyStorage
import Testing

@testable import GalleyCLI

@Suite struct `The exit status of an error` {
    private struct NoKernel: KernelFault { let isTransient = false }
    private struct NoPlace: StorageFault { let isTransient = true }
    private struct Other: Error {}

    @Test func `follows from its protocol, whatever room or package it comes from`() {
        #expect(ExitStatus.of(NoKernel()) == 4)
        #expect(ExitStatus.of(NoPlace()) == 3)
        #expect(ExitStatus.of(Other()) == 3)
        #expect(ExitStatus.of(PlanError.noSuchCell("x", cells: 1, tags: [])) == 2)
        #expect(ExitStatus.of(UnknownStorage(location: "s3://a")) == 3)
    }
}
