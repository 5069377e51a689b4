import Glibc

/// The examples by their names.
let examples: KeyValuePairs<String, () async throws -> Void> = [
    "README": readme,
    "Run a notebook": runANotebook,
    "Follow a run": followARun,
    "End a run": endARun,
    "Run many": runMany,
    "Keep the report": keepTheReport,
    "Speak to a kernel": speakToAKernel,
    "Notebooks in memory": notebooksInMemory,
    "Notebooks elsewhere": notebooksElsewhere,
    "Around each cell": aroundEachCell,
    "Cells that somebody watches": cellsThatSomebodyWatches,
    "Kernels of your own": kernelsOfYourOwn,
    "Kernels that run already": kernelsThatRunAlready,
    "A provider of your own": aProviderOfYourOwn,
    "Run": run,
    "EventSink": eventSink,
    "Conversation": conversation,
    "ScriptedKernel": scriptedKernel,
]

// Without a name it tells which there are.
guard let name = CommandLine.arguments.dropFirst().first else {
    for (name, _) in examples { print(name) }
    exit(0)
}
guard let example = examples.first(where: { $0.key == name }) else { exit(2) }
try await example.value()
