import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The Python environment of an instance` {
    @Test func `A copy of a Python environment leaves the original unchanged, even behind a symbolic link`() throws {
        let folder = try TemporaryFolder()
        for name in ["original/bin", "original/share"] {
            try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
        }
        try folder.write("", to: "original/bin/python")
        try folder.write("", to: "original/share/kernel")
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: folder("original"))
        try NotebookInstance.copyEnvironment(folder("link"), to: folder("copy"))
        #expect(folder.exists("original/share/kernel"))
        #expect(folder.exists("copy/bin/python") && !folder.exists("copy/share"))
    }
}
