package import GalleyJSON
package import GalleyJupyterProtocol

/// What can be told of a run from outside of it, at any time.
package struct RunStatus: Sendable {
    /// What the run is called.
    package var id: String
    /// The process that a signal to the run goes to.
    package var process: ProcessIdentity
    /// The process that runs it, where that is another one.
    package var engine: ProcessIdentity?
    /// The user whose file tells of the run; nil where it was read from none.
    package var owner: UInt32?
    /// The notebook's path.
    package var notebook: String
    /// Where it is saved; nil where that is no file.
    package var result: String?
    /// Where it is told how the run goes.
    package var log: String?
    package var state = State.starting
    /// The kernel, and the user that it runs as, once there is one.
    package var kernel: String?
    package var user: String?
    /// The number of the code cell that runs, or ran last, of so many.
    package var cell = 0
    package var cells = 0
    /// Of a run of several notebooks their number, and how many are over and have failed.
    package var notebooks: Int?
    package var finished = 0
    package var failed = 0
    /// When the run began, when something last happened in it, and when it ended.
    package var started = Timestamp.now()
    package var activity = Timestamp.now()
    package var ended: Timestamp?
    /// The end: what the process exits with, the outcome in one word, and what went wrong.
    package var exitStatus: Int32?
    package var outcome: String?
    package var message: String?

    /// How far a run is.
    package enum State: String, Sendable {
        case starting, running, ended
        /// Its process is gone without having told of an end.
        case lost
    }

    package init(id: String, process: ProcessIdentity, notebook: String) {
        self.id = id
        self.process = process
        self.notebook = notebook
    }

    /// Makes the end of it.
    package mutating func end(_ exitStatus: Int32, _ outcome: String, _ message: String?) {
        state = .ended
        (self.exitStatus, self.outcome, self.message) = (exitStatus, outcome, message)
        ended = .now()
        activity = .now()
    }

    /// The state as it is found by somebody who reads this, and looks whether the process is there.
    package var currentState: State {
        state == .ended || isRunning(process) || engine.map(isRunning) == true ? state : .lost
    }

    /// Whether a process goes on, and is one that the owner of the file can tell of: what root writes is believed.
    private func isRunning(_ process: ProcessIdentity) -> Bool {
        process.isAlive && (owner == nil || owner == 0 || process.user == owner)
    }

    /// Whether it cannot be seen from here if the run goes on.
    package var isHidden: Bool { state != .ended && (process.isHidden || engine?.isHidden == true) }

    /// Waits until nothing of it goes on any more. A process that the owner of the file cannot tell of is none of it.
    package func waitForEnd() {
        for process in [process, engine] { if let process, isRunning(process) { process.waitForEnd() } }
    }
}

extension RunStatus {
    /// Grows when a reader of an older form would be misled.
    private static let schema = 1

    /// The document, with the state that the run is in now.
    package func json(state: State) -> Value {
        func time(_ time: Timestamp?) -> Value { .text(time?.description) }
        /// Where it is the run of one, nothing is told of several.
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

    /// Reads a document; nil where it is none.
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
