import GalleyCLinux
import Foundation
import Testing

@Suite struct `A folder that is removed` {
    private let path = NSTemporaryDirectory() + "galley-removal-\(UUID().uuidString)"

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func `is gone with everything in it, however deep and whoever may look into it`() throws {
        try make((0..<300).map { "d\($0 % 10)" }.joined(separator: "/"))
        for number in 0..<2000 { try Data().write(to: URL(fileURLWithPath: "\(path)/file\(number)")) }
        try make("closed/inner")
        chmod(path + "/closed/inner", 0)
        chmod(path + "/closed", 0)
        clinux_remove(path)
        #expect(!exists(path))
    }

    @Test func `takes no link's target with it`() throws {
        let other = path + "-other"
        try make("a")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: other + "/kept"))
        symlink(other, path + "/a/link")
        clinux_remove(path)
        #expect(!exists(path))
        #expect(exists(other + "/kept"))
        clinux_remove(other)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount"))
    func `leaves what is mounted in it`() throws {
        // In a space of mounts of its own, where such a thing is allowed.
        let script = """
            set -e
            mkdir -p "$1/x/mnt" "$1-precious"; touch "$1-precious/kept"
            mount --bind "$1-precious" "$1/x/mnt" || exit 77
            "$2" "$1"
            [ -e "$1-precious/kept" ]
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let program = FileManager.default.temporaryDirectory.path + "/galley-remover-\(UUID().uuidString)"
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources/CLinux"
        let main = program + ".c"
        try "void clinux_remove(const char *); int main(int n, char **a) { clinux_remove(a[1]); return n != 2; }"
            .write(toFile: main, atomically: true, encoding: .utf8)
        defer { for path in [program, main, path, path + "-precious"] { clinux_remove(path) } }
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["clang", "-I", source + "/include", main, source + "/names.c", "-o", program]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        process.arguments = ["-m", "sh", "-c", script, "sh", path, program]
        try process.run()
        process.waitUntilExit()
        // Where nothing may be mounted there is nothing to be seen.
        #expect([0, 77].contains(process.terminationStatus))
    }
}
