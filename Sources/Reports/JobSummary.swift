import GalleyExecution
import GalleyJSON
package import Galley

/// The result of a notebook in words, for all reports.
extension JobReport {
    /// The notebook's error in one sentence, without the notebook's name; nil if the notebook succeeded.
    package var sentence: String? {
        switch result {
        case .ran: return failure?.sentence ?? findingsSentence
        case .failed(let error):
            let text = "\(error)"
            // Some errors begin with the notebook's name, which the caller prints anyway.
            return text.hasPrefix(name + ": ") ? String(text.dropFirst(name.count + 2)) : text
        case .leftOut: return "not run"
        }
    }

    /// The run's failure; nil if the run succeeded or did not take place.
    package var failure: FailureDescription? { run.flatMap { FailureDescription($0, namesLine: true) } }

    /// Returns the lines that explain the failure: the details of the cell that failed, or the differences that a check
    /// found.
    package func details(withColors: Bool) -> [String] {
        if let failure { return failure.details(withColors: withColors) }
        return findings.flatMap { finding -> [String] in
            let cell = run?.cells.first { $0.index == finding.index && $0.error != nil }
            let printed = cell.map { CellDetails($0, isSaved: false).printed } ?? []
            return ["", "cell \(finding.cell), \(finding.what):"] + finding.lines.map { "    " + $0.terminalSafe() }
                + printed
        }
    }

    private var findingsSentence: String? {
        let cells = Set(findings.map(\.cell)).sorted()
        return switch (cells.count, findings.count) {
        case (0, _): nil
        case (1, 1): "cell \(cells[0]): \(findings[0].what)"
        case (1, _): "cell \(cells[0]): \(findings[0].what), and \(findings.count - 1) more"
        default: "cells \(cells.map(String.init).joined(separator: ", ")) differ from the stored outputs"
        }
    }

    /// Whether the notebook was not run.
    package var isLeftOut: Bool { if case .leftOut = result { true } else { false } }

    /// Whether the run was stopped from outside, with the outputs up to that point saved.
    package var isInterrupted: Bool {
        if case .ran(let report) = result, case .stopped = report.outcome { true } else { false }
    }

    /// Whether the notebook was run, or should have been, and failed. An interrupted notebook has not failed.
    package var hasFailed: Bool { !isSuccess && !isLeftOut && !isInterrupted }

    /// The status as one word, for reports and events.
    package var status: String {
        switch result {
        case .ran(let report): findings.isEmpty || !report.isSuccess ? report.outcome.status : "differs"
        case .failed: "failed"
        case .leftOut: "left-out"
        }
    }

    /// The time from the start of the run to the end of its last cell, without waiting for an execution slot.
    package var duration: Duration { run?.duration ?? span }

    /// The line of the notebook's file, as it was read, that holds the first error or finding; nil if there is none.
    package var fileLine: Int? { run?.fileLine ?? findings.first?.fileLine }

    /// The number of the cell with the first error or finding; nil if there is none.
    package var cell: Int? { run?.failingCell?.number ?? findings.first?.cell }

    /// The class name for the color of the result on the HTML page.
    var styleClass: String {
        isSuccess ? "good" : isLeftOut ? "open" : isInterrupted ? "interrupted" : "bad"
    }

    /// The result as one or two words.
    var resultWord: String {
        switch status {
        case "succeeded": "ok"
        case "raised": "error"
        case "stopped": "interrupted"
        case "left-out": "not run"
        default: status.replacing("-", with: " ")
        }
    }
}

extension NamedResult {
    /// The value in one line of at most 200 characters; without a value, the types of the data or the size.
    var shortText: String {
        let text =
            value.map { $0.string ?? String(decoding: Document($0, style: .oneLine).text.bytes, as: UTF8.self) }
            ?? data?.types.joined(separator: ", ") ?? "\(size.formattedByteCount), in the notebook"
        return text.terminalSafeLine(200)
    }
}

extension [JobReport] {
    /// How many there are, such as `1 notebook` and `12 runs`: notebooks that run several times are counted by runs.
    package var countInWords: String {
        let noun = contains { !$0.distinguishingParameters.isEmpty } ? "run" : "notebook"
        return count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }

    /// How many notebooks were interrupted and not run, such as `2 interrupted` and `1 not run`; without those that are
    /// zero.
    var unfinishedCounts: [String] {
        [(count(where: \.isInterrupted), "interrupted"), (count(where: \.isLeftOut), "not run")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }
}
