public import GalleyJSON
import GalleyJupyterProtocol

extension [ScriptedKernel.Step] {
    /// The messages of a kernel that runs code which prints a text.
    ///
    /// - Parameter losingIdle: Whether to leave out the idle status at the end.
    public static func running(printing text: String, losingIdle: Bool = false) -> Self {
        running(
            [.say("stream", on: .iopub, content: ["name": "stdout", "text": .string(text)])], losingIdle: losingIdle)
    }

    /// The messages of a kernel that runs code with these outputs.
    ///
    /// - Parameters:
    ///   - count: The execution count; nil for the number of execute requests so far.
    ///   - losingIdle: Whether to leave out the idle status at the end.
    public static func running(
        _ steps: Self = [], count: Int? = nil, reply: Value = ["status": "ok"], losingIdle: Bool = false
    ) -> Self {
        var reply = reply
        reply["execution_count"] = .number(count)
        return beginning(count) + steps + [.say("execute_reply", on: .shell, content: reply)]
            + (losingIdle ? [] : [.say("status", on: .iopub, content: ["execution_state": "idle"])])
    }

    /// The messages of a kernel that starts to run code.
    private static func beginning(_ count: Int?) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("execute_input", on: .iopub, content: ["code": "", "execution_count": .number(count)]),
        ]
    }

    /// The messages of a kernel that runs code which raises an error.
    public static func failing(_ name: String, _ value: String, count: Int? = nil) -> Self {
        beginning(count) + raising(name, value, count: count)
    }

    /// The messages of a kernel whose running code raises an error.
    public static func raising(
        _ name: String, _ value: String, count: Int? = nil, about subject: ScriptedKernel.ParentRequest = .request
    ) -> Self {
        let error: Value = [
            "ename": .string(name), "evalue": .string(value), "traceback": [.string("\(name): \(value)")],
        ]
        var reply = error
        reply["status"] = "error"
        reply["execution_count"] = .number(count)
        return [
            .say("error", on: .iopub, content: error, about: subject),
            .say("execute_reply", on: .shell, content: reply, about: subject),
            .say("status", on: .iopub, content: ["execution_state": "idle"], about: subject),
        ]
    }

    /// The messages of a kernel that replies to a kernel info request.
    public static var introducing: Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("kernel_info_reply", on: .shell, content: ["status": "ok"]),
            .say("status", on: .iopub, content: ["execution_state": "idle"]),
        ]
    }

    /// The messages of a kernel that replies to a complete request.
    ///
    /// - Parameter range: The part of the code that a match replaces, in Unicode scalars.
    public static func completing(_ matches: [String], replacing range: Range<Int>) -> Self {
        answering(
            "complete_reply",
            [
                "cursor_end": .number(range.upperBound), "cursor_start": .number(range.lowerBound),
                "matches": .array(matches.map { .string($0) }), "metadata": [:], "status": "ok",
            ])
    }

    /// The messages of a kernel that replies to an inspect request with a description; nil if the name is unknown.
    public static func inspecting(_ text: String?) -> Self {
        let data: Value = text.map { ["text/plain": .string($0)] } ?? [:]
        return answering(
            "inspect_reply", ["data": data, "found": .bool(text != nil), "metadata": [:], "status": "ok"])
    }

    /// The messages of a kernel that replies to an is-complete request.
    ///
    /// - Parameter status: `complete`, `incomplete`, `invalid` or `unknown`.
    public static func judging(_ status: String, indent: String = "") -> Self {
        answering("is_complete_reply", ["indent": .string(indent), "status": .string(status)])
    }

    /// The messages of a kernel that sends a reply, with the busy and idle statuses around it.
    public static func answering(_ type: String, _ content: Value) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say(type, on: .shell, content: content),
            .say("status", on: .iopub, content: ["execution_state": "idle"]),
        ]
    }
}
