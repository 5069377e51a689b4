import Foundation
import Galley
import GalleyLocalKernels
import GalleyNotebook
import GalleyTestSupport
import Testing

/// The library never changes the user of its process.
@Suite(.root("only root can make files of others")) struct `The library in a process of root` {
    private let user: uid_t = 54_321
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }
    private var path: String { temporary("a.ipynb") }

    init() throws {
        temporary = try TemporaryFolder()
        try Data(notebook("import os; print(os.getuid())").text.bytes).write(to: URL(fileURLWithPath: path))
    }

    private func run(as user: KernelUser) async throws -> String {
        var options = options()
        options.user = user
        _ = try await execute(path, options)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try Notebook(parsing: Array(data)).cells[0].outputs.first?.text ?? ""
    }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `The library runs a notebook of root`(user: KernelUser) async throws {
        #expect(try await run(as: user) == "0\n")
    }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `The library refuses a notebook of another user`(user: KernelUser) async throws {
        chown(path, self.user, self.user)
        await #expect(throws: KernelError.ownedByAnother(user: "user 54321")) { _ = try await run(as: user) }
    }

    @Test(arguments: [KernelUser.automatic, .owner, .named("root")])
    func `The library refuses a notebook of root whose path another user can change`(user: KernelUser) async throws {
        chown(folder, self.user, self.user)
        await #expect(throws: KernelError.changeable) { _ = try await run(as: user) }
    }

    @Test func `The library changes to no other user`() async throws {
        await #expect(throws: KernelError.self) { _ = try await run(as: .named("nobody")) }
    }

    @Test(.realKernel) func `The library uses root's rights on request, with a warning first`() async throws {
        chown(path, user, user)
        var options = options()
        options.user = .caller
        let report = try await execute(path, options)
        #expect(report.isSuccess && report.user == "root")
        #expect(report.warnings.first?.hasPrefix("the kernel runs with root's rights") == true)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 54_321)
    }
}
