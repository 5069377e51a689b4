public import GalleyJSON
import GalleyJupyterProtocol

extension [ScriptedKernel.Step] {
    /// What a kernel says that runs code and prints something.
    public static func running(printing text: String, losingIdle: Bool = false) -> Self {
        running(
            [.say("stream", on: .iopub, content: ["name": "stdout", "text": .string(text)])], losingIdle: losingIdle)
    }

    /// What a kernel says around what its code puts out.
    ///
    /// - Parameter count: By what number it counts the code; nil for that of the request.
    public static func running(
        _ steps: Self = [], count: Int? = nil, reply: Value = ["status": "ok"], losingIdle: Bool = false
    ) -> Self {
        var reply = reply
        reply["execution_count"] = .number(count)
        return beginning(count) + steps + [.say("execute_reply", on: .shell, content: reply)]
            + (losingIdle ? [] : [.say("status", on: .iopub, content: ["execution_state": "idle"])])
    }

    /// What a kernel says that takes up code.
    private static func beginning(_ count: Int?) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("execute_input", on: .iopub, content: ["code": "", "execution_count": .number(count)]),
        ]
    }

    /// What a kernel says that runs code which raises an error.
    public static func failing(_ name: String, _ value: String, count: Int? = nil) -> Self {
        beginning(count) + raising(name, value, count: count)
    }

    /// What a kernel says whose code, in the middle of it, raises an error.
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

    /// What a kernel says that tells what it is.
    public static var introducing: Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say("kernel_info_reply", on: .shell, content: ["status": "ok"]),
            .say("status", on: .iopub, content: ["execution_state": "idle"]),
        ]
    }

    /// What a kernel says that completes code.
    ///
    /// - Parameter range: The part of the code that a match replaces, counted in Unicode scalars.
    public static func completing(_ matches: [String], replacing range: Range<Int>) -> Self {
        answering(
            "complete_reply",
            [
                "cursor_end": .number(range.upperBound), "cursor_start": .number(range.lowerBound),
                "matches": .array(matches.map { .string($0) }), "metadata": [:], "status": "ok",
            ])
    }

    /// What a kernel says that describes a name; nil for one that it does not know.
    public static func inspecting(_ text: String?) -> Self {
        let data: Value = text.map { ["text/plain": .string($0)] } ?? [:]
        return answering(
            "inspect_reply", ["data": data, "found": .bool(text != nil), "metadata": [:], "status": "ok"])
    }

    /// What a kernel says of code: `complete`, `incomplete`, `invalid` or `unknown`.
    public static func judging(_ status: String, indent: String = "") -> Self {
        answering("is_complete_reply", ["indent": .string(indent), "status": .string(status)])
    }

    /// What a kernel says around a reply.
    public static func answering(_ type: String, _ content: Value) -> Self {
        [
            .say("status", on: .iopub, content: ["execution_state": "busy"]),
            .say(type, on: .shell, content: content),
            .say("status", on: .iopub, content: ["execution_state": "idle"]),
        ]
    }
}
