import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Testing

@Suite struct `Widgets` {
    private static let output: Value = [
        "_model_module": "@jupyter-widgets/output", "_model_module_version": "1.0.0", "_model_name": "OutputModel",
        "msg_id": "", "outputs": [],
    ]

    private func states(_ ran: ScriptedRun) -> Value? {
        ran.notebook.metadata["widgets"]?["application/vnd.jupyter.widget-state+json"]?["state"]
    }

    @Test func `Widgets leave their last state and their bytes in the notebook's metadata`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running([
                .opening("w", ["_model_name": "M", "_model_module": "m", "value": 1]),
                .comm("w", ["value": 2], paths: [["image"]], buffers: [[1, 2, 3, 4]]),
                .comm("w", ["other": true], paths: [["image"]], buffers: [[255]]),
                .opening("nameless", ["value": 1]),
            ])
        }
        let expected: Value = [
            "w": [
                "buffers": [["data": "/w==", "encoding": "base64", "path": ["image"]]], "model_module": "m",
                "model_module_version": nil, "model_name": "M",
                "state": ["_model_module": "m", "_model_name": "M", "other": true, "value": 2],
            ]
        ]
        #expect(states(ran)?.canonicalText.bytes == expected.canonicalText.bytes)
    }

    @Test func `A notebook without widgets, or without saved widget state, has no widget metadata`() async throws {
        #expect(try await run(Notebook(cells: ["x"])) { _, _ in .running() }.notebook.metadata["widgets"] == nil)
        var options = RunSettings()
        options.keepsWidgets = false
        let ran = try await run(Notebook(cells: ["x"]), options) { _, _ in
            .running([.opening("w", ["_model_name": "M"])])
        }
        #expect(ran.notebook.metadata["widgets"] == nil)
        // Captures work anyway.
        let catching = try await run(Notebook(cells: ["x"]), options) { _, request in
            .running([
                .opening("out", Self.output), .comm("out", ["msg_id": .string(request.header.id)]), .print("caught"),
            ])
        }
        #expect(catching.outputs(0) == [])
    }

    @Test func `An output widget captures the outputs of a request, and sends them to the kernel once`() async throws {
        let ran = try await run(Notebook(cells: ["make", "after"])) { code, request in
            guard code == "make" else { return .running(printing: "free") }
            return .running([
                .opening("out", Self.output), .print("before"),
                .comm("out", ["msg_id": .string(request.header.id)]), .print("a"), .print("b"), .display("d"),
                .comm("out", ["msg_id": ""]), .print("behind"),
            ])
        }
        #expect(ran.outputs(0) == ["stdout: beforebehind"])
        #expect(ran.outputs(1) == ["stdout: free"])
        let caught: Value = [
            ["name": "stdout", "output_type": "stream", "text": "ab"],
            ["data": ["text/plain": "d"], "metadata": [:], "output_type": "display_data"],
        ]
        #expect(states(ran)?["out"]?["state"]?["outputs"]?.canonicalText.bytes == caught.canonicalText.bytes)
        let told = ran.kernel.requests.filter { $0.type == "comm_msg" }
        #expect(told.count == 1)
        #expect(told.first?.channel == .shell)
        #expect(told.first?.content["comm_id"]?.string == "out")
        #expect(
            told.first?.content["data"]?["state"]?["outputs"]?.canonicalText.bytes == caught.canonicalText.bytes)
        // The update has to be sent before the next cell runs.
        let order = ran.kernel.requests.map(\.type)
        #expect(order == ["execute_request", "comm_msg", "execute_request"])
    }

    @Test func `The innermost of several output widgets captures, and can be cleared`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, request in
            let id = Value.string(request.header.id)
            return .running([
                .opening("outer", Self.output),
                .opening("inner", Self.output), .comm("outer", ["msg_id": id]),
                .print("1"), .comm("inner", ["msg_id": id]), .print("2"), .clear(waits: true), .print("3"),
                .comm("inner", ["msg_id": ""]), .print("4"), .comm("outer", ["msg_id": ""]), .print("5"),
            ])
        }
        func text(_ id: String) -> String? { states(ran)?[id]?["state"]?["outputs"]?[0]["text"]?.string }
        #expect(text("inner") == "3")
        #expect(text("outer") == "14")
        #expect(ran.outputs(0) == ["stdout: 5"])
    }
}

@Suite struct `Captured outputs of a widget` {
    private static let output: Value = [
        "_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "outputs": [],
    ]

    private func caught(_ ran: ScriptedRun) -> [String] {
        let states = ran.notebook.metadata["widgets"]?["application/vnd.jupyter.widget-state+json"]?["state"]
        return states?["out"]?["state"]?["outputs"]?.elements.compactMap { $0["text"]?.string } ?? []
    }

    @Test func `Captured outputs are kept when the kernel dies`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, request in
            [
                .opening("out", Self.output), .comm("out", ["msg_id": .string(request.header.id)]), .print("precious"),
                .die(PostMortem(cause: .exited(3))),
            ]
        }
        #expect(caught(ran) == ["precious"])
    }

    @Test func `Captured outputs are replaced by those that the kernel sets, and appended to afterwards`() async throws
    {
        let ran = try await run(Notebook(cells: ["x"])) { _, request in
            let id = Value.string(request.header.id)
            return .running([
                .opening("out", Self.output), .comm("out", ["msg_id": id]), .print("old"), .comm("out", ["msg_id": ""]),
                .comm("out", ["outputs": [["name": "stdout", "output_type": "stream", "text": "set "]]]),
                .comm("out", ["msg_id": id]), .print("added"), .comm("out", ["msg_id": ""]),
            ])
        }
        #expect(caught(ran) == ["set added"])
    }
}

@Suite struct `Comms that are no widgets` {
    @Test func `Comms that are no widgets are ignored`() async throws {
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running([
                .say("comm_open", on: .iopub, content: ["comm_id": "c", "data": [:], "target_name": "mine"]),
                .say("comm_msg", on: .iopub, content: ["comm_id": "c", "data": ["anything": 1]]),
                .say("comm_close", on: .iopub, content: ["comm_id": "c", "data": [:]]), .print("fine"),
                .say("comm_msg", on: .iopub, content: [:]), .say("brand_new", on: .iopub),
            ])
        }
        #expect(ran.outputs(0) == ["stdout: fine"])
        #expect(ran.notebook.metadata["widgets"] == nil)
    }
}
