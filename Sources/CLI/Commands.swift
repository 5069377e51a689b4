import GalleyRuns

/// What is run when a run has ended.
struct Commands {
    private let background: Background
    private let place: RunPlace

    init(_ background: Background, _ place: RunPlace) { (self.background, self.place) = (background, place) }

    /// - Parameter output: Takes the lines that they print; nil where these go to the standard streams.
    func run(after end: End, _ status: Int32, output: ((String) -> Void)?, complain: (String) -> Void) {
        var variables = [
            "GALLEY_STATUS": end.outcome, "GALLEY_EXIT": "\(status)", "GALLEY_NOTEBOOK": place.notebook,
            "GALLEY_RUN": place.id,
        ]
        variables["GALLEY_RESULT"] = end.result
        variables["GALLEY_LOG"] = place.log
        for (occasion, command) in background.commands(after: status) {
            let status = runCommand(command, variables: variables, output: output)
            if status != 0 { complain("\(occasion.rawValue): the command ended with status \(status): \(command)") }
        }
    }
}
