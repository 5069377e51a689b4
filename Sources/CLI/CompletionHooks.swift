import GalleyRuns

/// Runs the commands of `--then`, `--on-success` and `--on-failure` at the end of a run.
struct CompletionHooks {
    private let background: BackgroundOptions
    private let paths: RunPaths

    init(_ background: BackgroundOptions, _ paths: RunPaths) { (self.background, self.paths) = (background, paths) }

    /// Runs the commands that apply to the exit status.
    ///
    /// - Parameter output: Receives the lines that the commands print; nil leaves them on the standard streams.
    func run(after end: RunSummary, _ status: Int32, output: ((String) -> Void)?, reportProblem: (String) -> Void) {
        var variables = [
            "GALLEY_STATUS": end.outcome, "GALLEY_EXIT": "\(status)", "GALLEY_NOTEBOOK": paths.notebook,
            "GALLEY_RUN": paths.id,
        ]
        variables["GALLEY_RESULT"] = end.result
        variables["GALLEY_LOG"] = paths.log
        for (occasion, command) in background.commands(after: status) {
            let status = runCommand(command, variables: variables, output: output)
            if status != 0 {
                reportProblem("\(occasion.rawValue): the command ended with status \(status): \(command)")
            }
        }
    }
}
