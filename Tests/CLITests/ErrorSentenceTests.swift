import Foundation
import GalleyAttachedKernels
import GalleyExecution
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import Testing

@testable import Galley

@Suite struct `The error sentences of the library` {
    private static let death = PostMortem(
        cause: .signalled(9), memory: .groupLimit, peakMemory: 512_000_000, lifetime: .seconds(3),
        lastLines: ["a last line"])

    private static let storage: [StorageError] = [
        .notFound(path: "a.ipynb"), .folderNotFound(path: "out/a.ipynb"), .notAFile(path: "out"),
        .nameNotReadable(path: "link.ipynb"), .nameNotUTF8(path: "a.ipynb"), .notRead(path: "pipe", .seconds(10)),
        .notReadable(path: "a.ipynb"), .notWritable(path: "a.ipynb"), .folderNotWritable(path: "out/a.ipynb"),
        .readOnlyFileSystem(path: "a.ipynb"), .diskFull(path: "a.ipynb", needed: 12_000_000),
        .inUse(path: "a.ipynb", process: 42), .inUse(path: "a.ipynb", process: nil),
        .taken(path: "out/a.ipynb", by: "b/a.ipynb"), .tooLong(path: "a.ipynb"),
        .notRestored(path: "a.ipynb", copy: ".galley-safety-a.ipynb", Errno(rawValue: EIO)),
        .changeable(path: "/home/u/a.ipynb"), .refused(path: "/root/log", reason: "a reason"),
        .failed(.flushing, path: "a.ipynb", Errno(rawValue: EIO)),
    ]

    private static let kernels: [KernelError] = [
        .notFound(name: "python4", available: ["bash", "python3"], searched: ["/usr/share/jupyter/kernels"]),
        .notFound(name: "python3", available: [], searched: ["/usr/share/jupyter/kernels"]),
        .nameless, .invalidSpec(path: "/k/kernel.json", reason: "it has no argv"), .noEnvironment(path: "/venv"),
        .noKernelInEnvironment(path: "/venv", interpreter: "/venv/bin/python"),
        .noProgram("/usr/bin/python4", kernel: "python4"), .noWorkingFolder("/gone", reason: "no such folder"),
        .noAccount("u"), .noOwner, .notAllowedToBecome("u", reason: "not permitted"), .ownedByAnother(user: "u"),
        .changeable, .outOfReach("/root/venv/bin/python", account: "u"),
        .notStarted(kernel: "python3", reason: "out of memory"), .diedAtStart(kernel: "python3", death),
        .silent(kernel: "python3", .seconds(60), lastLines: ["a last line"]),
        .failed(kernel: "python3", .untrustworthy("its signature is invalid")),
        .failed(kernel: "python3", .disconnected("a reason")),
    ]

    private static let attachedKernels: [AttachedKernelError] = [
        .notFound(name: "kernel-1.json", searched: ["/run/jupyter"]),
        .notFound(name: nil, searched: ["/run/jupyter"]), .notReadable(path: "k.json"),
        .invalid(path: "k.json", reason: "it has no key"), .silent(path: "k.json", .seconds(60)),
        .broken(path: "k.json", .died(death)), .otherKernelNamed("ir"), .userNamed("u"), .notebookOfAnotherUser,
    ]

    private static let clients: [KernelClientError] = [
        .restarted, .notRestarted(reason: "a reason"), .cannotRestart(provider: "attached"), .ended,
        .noReply(request: "complete_request", limit: .seconds(10)),
        .refused(request: "complete_request", reason: "a reason"),
        .malformedReply(request: "complete_request", reason: "a reason"),
    ]

    private static let plans: [PlanError] = [
        .noSuchCell("model", cells: 3, tags: []), .noSuchCell("model", cells: 3, tags: ["train", "plot"]),
        .emptyRange(start: "3", stop: "1"),
    ]

    private static let notebooks = [
        "", "{", "[]", "{\"cells\": {}}", "{\"nbformat\": 9, \"cells\": []}", "import os\n", "<html>", "\u{FEFF}{}",
        "{\"nbformat\": 4, \"cells\": [{\"cell_type\": 1}]}", "{\"nbformat\": 4, \"cells\": [{}]}",
        "{\"a\": \"\u{1}\"}", "# %%\n", "<<<<<<< HEAD\n", "version https://git-lfs.github.com/spec/v1\n",
    ]

    /// The sentences of all errors that a caller of the library can receive.
    private static func sentences() -> [String] {
        let unsaved = UnsavedRun(
            reason: StorageError.diskFull(path: "a.ipynb", needed: 1), rescue: "/tmp/galley-rescue-a.ipynb",
            report: Report(outcome: .succeeded, cells: [], duration: .zero))
        let read = notebooks.map { text -> String in
            do {
                _ = try Notebook(parsing: Array(text.utf8))
                return "(read)"
            } catch { return "\(error)" }
        }
        let errors: [[any Error]] = [
            storage, kernels, attachedKernels,
            KernelFeature.allCases.map { UnsupportedKernelRequest($0, provider: "attached") }, clients, plans,
            [unsaved, UnknownStorage(location: NotebookLocation("s3://bucket/a.ipynb"))],
        ]
        return errors.joined().map { "\($0)" } + zip(notebooks, read).map { "\($0.debugDescription): \($1)" }
    }

    @Test func `The error sentences match the snapshot`() throws {
        try Snapshot.help("errors.txt").expect(Self.sentences().joined(separator: "\n") + "\n")
    }

    @Test func `No error sentence of the library names a command or an option`() {
        for sentence in Self.sentences() {
            #expect(sentence.firstMatch(of: /(^|[\s'`])--[a-z]|\bgalley [a-z]+|pip install/) == nil, "\(sentence)")
        }
    }
}
