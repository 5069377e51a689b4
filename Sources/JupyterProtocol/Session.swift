public import GalleyJSON

/// One client's side of a conversation: it gives each message an identifier of its own.
public struct Session: Sendable {
    /// What the client calls the conversation.
    public let id: String

    /// Begins a conversation.
    public init() { id = Self.newID() }

    /// Makes a message of this client, with a new identifier and the time of now.
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
    /// Asks what the kernel is; it answers as soon as it can.
    package func kernelInfoRequest() -> Message { message("kernel_info_request", on: .shell) }

    /// Asks for code to be run.
    ///
    /// - Parameters:
    ///   - allowsInput: Whether the code may ask the person something.
    ///   - stopsOnError: Whether an error discards the requests that wait behind this one.
    package func executeRequest(_ code: String, allowsInput: Bool = false, stopsOnError: Bool = true) -> Message {
        message(
            "execute_request", on: .shell,
            content: [
                "allow_stdin": .bool(allowsInput), "code": .string(code), "silent": false,
                "stop_on_error": .bool(stopsOnError), "store_history": true, "user_expressions": [:],
            ])
    }

    /// Asks how code can go on at a cursor.
    ///
    /// - Parameter cursor: The number of Unicode scalars before it.
    package func completeRequest(_ code: String, at cursor: Int) -> Message {
        message("complete_request", on: .shell, content: ["code": .string(code), "cursor_pos": .number(cursor)])
    }

    /// Asks what stands at a cursor.
    ///
    /// - Parameters:
    ///   - cursor: The number of Unicode scalars before it.
    ///   - detail: 0 for the usual answer, 1 for all that the kernel knows.
    package func inspectRequest(_ code: String, at cursor: Int, detail: Int) -> Message {
        message(
            "inspect_request", on: .shell,
            content: ["code": .string(code), "cursor_pos": .number(cursor), "detail_level": .number(detail)])
    }

    /// Asks whether code is ready to be run.
    package func isCompleteRequest(_ code: String) -> Message {
        message("is_complete_request", on: .shell, content: ["code": .string(code)])
    }

    /// Asks the kernel to interrupt what it runs.
    package func interruptRequest() -> Message { message("interrupt_request", on: .control) }

    /// Asks the kernel to end.
    package func shutdownRequest() -> Message { message("shutdown_request", on: .control, content: ["restart": false]) }

    /// Answers a question of the kernel; where there is no answer, tells it so.
    package func inputReply(_ answer: String?, to question: Message) -> Message {
        // Kernels look at the value alone; IPython takes the end of a terminal's input for what it says.
        let content: Value =
            answer.map { ["status": "ok", "value": .string($0)] } ?? [
                "ename": "EOFError", "evalue": "nobody is there to answer", "status": "error", "traceback": [],
                "value": "\u{4}",
            ]
        return message("input_reply", on: .stdin, content: content, parent: question.header)
    }

    /// Tells an object of the kernel, which is half of a widget, what has become of its other half.
    package func commMessage(_ data: Value, to comm: String, parent: Header?) -> Message {
        message("comm_msg", on: .shell, content: ["comm_id": .string(comm), "data": data], parent: parent)
    }
}
