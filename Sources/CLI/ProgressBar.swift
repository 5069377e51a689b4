import GalleyExecution

/// A bar of characters that shows how much is done.
enum ProgressBar {
    /// Returns a bar of this width.
    static func text(_ share: Double, width: Int, empty: Character = "░") -> String {
        let full = Int(share * Double(width))
        return String(repeating: "█", count: full) + String(repeating: empty, count: width - full)
    }

    /// Returns a bar with its numbers and the remaining time.
    static func line(_ finished: Int, of all: Int, columns: Int, failed: Int = 0, timeLeft: Duration?) -> String {
        let width = min(24, max(8, columns - 32))
        let left = timeLeft.map { ", about \(Duration.seconds(max(1, Int($0.inSeconds.rounded()))).inWords) left" }
        return "\(text(Double(finished) / Double(max(1, all)), width: width)) \(finished)/\(all)"
            + (failed > 0 ? ", \(failed) failed" : "") + (left ?? "")
    }
}
