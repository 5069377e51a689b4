import Foundation
import Galley
import GalleyLocalKernels
import GalleyNotebook
import Testing

/// The library does not change the user of its host.
@Suite(.enabled(if: geteuid() == 0, "only root can make files of others")) struct `The library in a process of root's` {
    private let user: uid_t = 54_321
    private let folder: String
    private let path: String

    init() throws {
        folder = NSTemporaryDirectory() + "galley-users-\(UUID().uuidString)"
        path = folder + "/a.ipynb"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Data(notebook("import os; print(os.getuid())").text.bytes).write(to: URL(fileURLWithPath: path))
    }

    private func run(as user: KernelUser) async throws -> String {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = options()
        options.user = user
        _ = try await execute(path, options)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try Notebook(parsing: Array(data)).cells[0].outputs.first?.text ?? ""
    }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `runs a notebook of root's`(user: KernelUser) async throws { #expect(try await run(as: user) == "0\n") }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `refuses that of another user`(user: KernelUser) async throws {
        chown(path, self.user, self.user)
        await #expect(throws: KernelError.ownedByAnother(user: "user 54321")) { _ = try await run(as: user) }
    }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `refuses one of root's whose path another user can change`(user: KernelUser) async throws {
        chown(folder, self.user, self.user)
        await #expect(throws: KernelError.changeable) { _ = try await run(as: user) }
    }

    @Test func `becomes no other user`() async throws {
        await #expect(throws: KernelError.self) { _ = try await run(as: .named("nobody")) }
    }

    @Test func `uses root's rights where they are asked for, and says so first`() async throws {
        chown(path, user, user)
        var options = options()
        options.user = .caller
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let report = try await execute(path, options)
        #expect(report.isSuccess && report.user == "root")
        #expect(report.warnings.first?.hasPrefix("the kernel runs with root's rights") == true)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 54_321)
    }
}
