public import GalleyJSON

/// A client session, which gives each of its messages a unique ID.
public struct Session: Sendable {
    /// The session ID.
    public let id: String

    /// Creates a session with a new ID.
    public init() { id = Self.newID() }

    /// Creates a message with a new ID and the current time.
    public func message(
        _ type: String, on channel: Channel, content: Value = [:], parent: Header? = nil, buffers: [[UInt8]] = []
    ) -> Message {
        let header = Header(id: Self.newID(), type: type, session: id, date: Timestamp.now().description)
        return Message(channel: channel, header: header, parent: parent, content: content, buffers: buffers)
    }

    private static func newID() -> String {
        var digits = ""
        for _ in 0..<2 {
            let half = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            digits += String(repeating: "0", count: 16 - half.count) + half
        }
        return digits
    }
}

// MARK: - What a client asks for

extension Session {
    /// Creates a kernel info request.
    package func kernelInfoRequest() -> Message { message("kernel_info_request", on: .shell) }

    /// Creates an execute request.
    ///
    /// - Parameters:
    ///   - allowsInput: Whether the code may request input.
    ///   - stopsOnError: Whether an error aborts the requests queued after this one.
    package func executeRequest(_ code: String, allowsInput: Bool = false, stopsOnError: Bool = true) -> Message {
        message(
            "execute_request", on: .shell,
            content: [
                "allow_stdin": .bool(allowsInput), "code": .string(code), "silent": false,
                "stop_on_error": .bool(stopsOnError), "store_history": true, "user_expressions": [:],
            ])
    }

    /// Creates a request for completions at a cursor.
    ///
    /// - Parameter cursor: The number of Unicode scalars before the cursor.
    package func completeRequest(_ code: String, at cursor: Int) -> Message {
        message("complete_request", on: .shell, content: ["code": .string(code), "cursor_pos": .number(cursor)])
    }

    /// Creates a request for information about the code at a cursor.
    ///
    /// - Parameters:
    ///   - cursor: The number of Unicode scalars before the cursor.
    ///   - detail: 0 for the usual reply, 1 for all details.
    package func inspectRequest(_ code: String, at cursor: Int, detail: Int) -> Message {
        message(
            "inspect_request", on: .shell,
            content: ["code": .string(code), "cursor_pos": .number(cursor), "detail_level": .number(detail)])
    }

    /// Creates a request that checks whether code is complete enough to run.
    package func isCompleteRequest(_ code: String) -> Message {
        message("is_complete_request", on: .shell, content: ["code": .string(code)])
    }

    /// Creates an interrupt request.
    package func interruptRequest() -> Message { message("interrupt_request", on: .control) }

    /// Creates a shutdown request.
    package func shutdownRequest() -> Message { message("shutdown_request", on: .control, content: ["restart": false]) }

    /// Creates the reply to an input request; nil means that there is no input.
    package func inputReply(_ answer: String?, to question: Message) -> Message {
        // Kernels read only `value`. IPython takes a lone EOT character as end of file.
        let content: Value =
            answer.map { ["status": "ok", "value": .string($0)] } ?? [
                "ename": "EOFError", "evalue": "no input is available", "status": "error", "traceback": [],
                "value": "\u{4}",
            ]
        return message("input_reply", on: .stdin, content: content, parent: question.header)
    }

    /// Creates a comm message to an object in the kernel, such as the kernel side of a widget.
    package func commMessage(_ data: Value, to comm: String, parent: Header?) -> Message {
        message("comm_msg", on: .shell, content: ["comm_id": .string(comm), "data": data], parent: parent)
    }
}
