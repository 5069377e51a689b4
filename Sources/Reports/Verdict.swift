import GalleyExecution
package import Galley

/// What is said of a notebook when nothing more is done for it.
package struct Verdict: Sendable {
    /// What became of it.
    package let job: JobReport
    /// What a comparison with the outputs that it had has found.
    package let findings: [Finding]
    /// What went wrong, in a sentence that does not name the notebook; nil where nothing did.
    package let sentence: String?
    /// What went wrong in the run, where it was that.
    package let failure: Failure?

    /// A cell whose outputs are not those that its notebook had.
    package struct Finding: Sendable {
        /// The cell's number among the code cells, from 1.
        package let cell: Int
        /// Its place among all cells, from 0.
        package let index: Int
        /// The line of the notebook's file in which the cell begins; nil where nobody can tell.
        package let fileLine: Int?
        /// What is found, such as that a picture differs.
        package let what: String
        /// How, line by line.
        package let lines: [String]

        package init(cell: Int, index: Int, fileLine: Int? = nil, what: String, lines: [String]) {
            (self.cell, self.index, self.fileLine, self.what, self.lines) = (cell, index, fileLine, what, lines)
        }
    }

    /// Judges a notebook.
    package init(_ job: JobReport, findings: [Finding] = []) {
        (self.job, self.findings) = (job, findings)
        failure = job.run.flatMap { Failure($0, namesLine: true) }
        switch job.result {
        case .ran:
            let cells = Set(findings.map(\.cell)).sorted()
            let differs: String? =
                switch (cells.count, findings.count) {
                case (0, _): nil
                case (1, 1): "cell \(cells[0]): \(findings[0].what)"
                case (1, _): "cell \(cells[0]): \(findings[0].what), and \(findings.count - 1) more"
                default: "cells \(cells.map(String.init).joined(separator: ", ")) differ from what is stored"
                }
            sentence = failure?.sentence ?? differs
        case .failed(let error):
            let text = "\(error)"
            // Some errors begin with the notebook's name, which stands before the sentence anyway.
            sentence = (text.hasPrefix(job.name + ": ") ? String(text.dropFirst(job.name.count + 2)) : text)
        case .leftOut: sentence = "not run"
        }
    }

    /// Whether all is well.
    package var isGood: Bool { sentence == nil }

    /// Whether it was not begun.
    package var isLeftOut: Bool { if case .leftOut = job.result { true } else { false } }

    /// Whether something went wrong.
    package var hasFailed: Bool { !isGood && !isLeftOut }

    /// What became of it in one word.
    package var status: String {
        switch job.result {
        case .ran(let report): findings.isEmpty || !report.isSuccess ? report.outcome.status : "differs"
        case .failed: "failed"
        case .leftOut: "left-out"
        }
    }

    /// How long the run took, up to the end of its last cell; waiting for its turn is left out.
    package var duration: Duration { job.run?.duration ?? span }

    /// How long the last attempt took, its end included; waiting for its turn is left out.
    package var span: Duration { job.span }

    /// The line of the notebook's file, as it was read, that decided it; nil where none did.
    package var fileLine: Int? { job.run?.fileLine ?? findings.first?.fileLine }

    /// The number of the cell that decided it; nil where none did.
    package var cell: Int? { job.run?.failingCell?.number ?? findings.first?.cell }
}
