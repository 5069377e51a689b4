import Foundation
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Testing

extension LocalKernel {
    /// Runs code and returns its output.
    func run(_ code: String, patience: Duration = .seconds(5)) async throws -> (
        text: String, reply: Message, hasLoss: Bool
    ) {
        var text = ""
        let (reply, hasLoss) = try await perform(session.executeRequest(code, allowsInput: true), patience: patience) {
            message in
            if message.type == "stream" { text += message.content["text"]?.string ?? "" }
        }
        return (text, reply, hasLoss)
    }

    /// Starts code, and returns its first output.
    func begin(_ code: String) async throws -> String {
        // Otherwise the kernel aborts the request while it handles an earlier error.
        send(session.executeRequest(code, stopsOnError: false))
        for try await message in messages where message.type == "stream" {
            return message.content["text"]?.string ?? ""
        }
        return ""
    }
}

extension TemporaryFolder {
    /// Options for a kernel whose files go into this folder.
    var options: KernelOptions {
        var options = KernelOptions()
        options.environment["XDG_RUNTIME_DIR"] = path
        return options
    }
}

func failure(_ body: () async throws -> Void) async -> KernelFailure? {
    do {
        try await body()
    } catch let error as KernelFailure {
        return error
    } catch {
        Issue.record(error)
    }
    return nil
}
