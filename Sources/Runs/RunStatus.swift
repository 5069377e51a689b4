package import GalleyJSON
package import GalleyJupyterProtocol

/// The status of a run, readable by other processes at any time.
package struct RunStatus: Sendable {
    /// The ID of the run.
    package var id: String
    /// The process that receives signals for the run.
    package var process: ProcessIdentity
    /// The process that executes the run, if it is a different one.
    package var engine: ProcessIdentity?
    /// The user whose folder contains the status; nil if it was not read from a file.
    package var owner: UInt32?
    /// The path of the notebook.
    package var notebook: String
    /// The path of the result; nil if it is not a file.
    package var result: String?
    /// The path of the log.
    package var log: String?
    package var state = State.starting
    /// The kernel and the user it runs as; nil before it has started.
    package var kernel: String?
    package var user: String?
    /// The number of the current or last code cell, and the number of code cells.
    package var cell = 0
    package var cells = 0
    /// For a run of several notebooks, the number of all, of finished and of failed notebooks.
    package var notebooks: Int?
    package var finished = 0
    package var failed = 0
    /// The times of the start, of the last activity and of the end.
    package var started = Timestamp.now()
    package var activity = Timestamp.now()
    package var ended: Timestamp?
    /// The exit status, the outcome in one word and the error message.
    package var exitStatus: Int32?
    package var outcome: String?
    package var message: String?

    /// The stages of a run.
    package enum State: String, Sendable {
        case starting, running, ended
        /// The process has ended without recording an end.
        case lost
    }

    package init(id: String, process: ProcessIdentity, notebook: String) {
        self.id = id
        self.process = process
        self.notebook = notebook
    }

    /// Records the end of the run.
    package mutating func end(_ exitStatus: Int32, _ outcome: String, _ message: String?) {
        state = .ended
        (self.exitStatus, self.outcome, self.message) = (exitStatus, outcome, message)
        ended = .now()
        activity = .now()
    }

    /// The state, or `lost` if the run has not ended and its processes are gone.
    package var currentState: State {
        state == .ended || isRunning(process) || engine.map(isRunning) == true ? state : .lost
    }

    /// Returns whether a process runs, and the file's owner is its user or root.
    private func isRunning(_ process: ProcessIdentity) -> Bool {
        process.isAlive && (owner == nil || owner == 0 || process.user == owner)
    }

    /// Whether the run's processes are not visible, so that it may still be running.
    package var isHidden: Bool { state != .ended && (process.isHidden || engine?.isHidden == true) }

    /// Waits until the processes of the run have ended. Ignores processes of other users, unless root owns the file.
    package func waitForEnd() {
        for process in [process, engine] { if let process, isRunning(process) { process.waitForEnd() } }
    }
}

extension RunStatus {
    /// The version of the format, increased when older readers would misread it.
    private static let schema = 1

    /// Returns the document with the given state.
    package func json(state: State) -> Value {
        func time(_ time: Timestamp?) -> Value { .text(time?.description) }
        /// The counts of notebooks are null in a run of one notebook.
        func number(_ number: Int) -> Value { notebooks == nil ? .null : .number(number) }
        return [
            "activity": time(activity), "cell": .number(cell), "cells": .number(cells), "ended": time(ended),
            "engine": .number(engine?.number),
            "engine_started": .number(engine?.began),
            "exit_status": .number(exitStatus.map(Int.init)),
            "failed": number(failed), "finished": number(finished), "id": .string(id), "kernel": .text(kernel),
            "log": .text(log), "machine": .string(process.machine), "message": .text(message),
            "notebook": .string(notebook), "notebooks": number(notebooks ?? 0), "process": .number(process.number),
            "process_started": .number(process.began), "result": .text(result), "schema": .number(Self.schema),
            "started": time(started), "state": .string(state.rawValue), "status": .text(outcome), "user": .text(user),
        ]
    }

    var bytes: [UInt8] { Document(json(state: state)).text.bytes }

    /// Parses a document; nil if it is not a status.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? Document(parsing: bytes).root, json["schema"]?.int == Self.schema,
            let id = json["id"]?.string, let number = json["process"]?.int, let began = json["process_started"]?.int,
            let machine = json["machine"]?.string, let notebook = json["notebook"]?.string,
            let state = json["state"]?.string.flatMap(State.init),
            let started = json["started"]?.string.flatMap({ Timestamp($0) })
        else { return nil }
        func time(_ key: String) -> Timestamp? { json[key]?.string.flatMap { Timestamp($0) } }
        self.init(id: id, process: ProcessIdentity(number: number, began: began, machine: machine), notebook: notebook)
        if let number = json["engine"]?.int, let began = json["engine_started"]?.int {
            engine = ProcessIdentity(number: number, began: began, machine: machine)
        }
        (self.state, self.started, activity, ended) = (state, started, time("activity") ?? started, time("ended"))
        (result, log, kernel, user) = (
            json["result"]?.string, json["log"]?.string, json["kernel"]?.string, json["user"]?.string
        )
        (cell, cells) = (json["cell"]?.int ?? 0, json["cells"]?.int ?? 0)
        notebooks = json["notebooks"]?.int
        (finished, failed) = (json["finished"]?.int ?? 0, json["failed"]?.int ?? 0)
        (outcome, message) = (json["status"]?.string, json["message"]?.string)
        exitStatus = json["exit_status"]?.int.flatMap { (0...255).contains($0) ? Int32($0) : nil }
    }
}
