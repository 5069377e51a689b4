import Glibc

/// The examples by name.
let examples: KeyValuePairs<String, () async throws -> Void> = [
    "README": readme,
    "Run a notebook": runANotebook,
    "Follow a run": followARun,
    "End a run": endARun,
    "Run many": runMany,
    "Keep the report": keepTheReport,
    "Send code to a kernel": sendCodeToAKernel,
    "Notebooks in memory": notebooksInMemory,
    "Notebooks elsewhere": notebooksElsewhere,
    "Around each cell": aroundEachCell,
    "Observed cells": observedCells,
    "Kernels of your own": kernelsOfYourOwn,
    "Kernels that run already": kernelsThatRunAlready,
    "A provider of your own": aProviderOfYourOwn,
    "A storage of your own": aStorageOfYourOwn,
    "A preparation of your own": aPreparationOfYourOwn,
    "A flag of your own": aFlagOfYourOwn,
    "Options": optionsOfBothKinds,
    "MemoryStorage": storageInMemory,
    "Batch over a matrix": batchOverAMatrix,
    "NamedResults": namedResults,
    "Run": run,
    "Set parameters": setParameters,
    "Changed cells that are saved": changedCellsThatAreSaved,
    "Look at outputs": lookAtOutputs,
    "Follow code": followCode,
    "Run.fractionCompleted": shareOfARun,
    "BatchRun.fractionCompleted": shareOfABatch,
    "Execution": execution,
    "KernelClient.restart": restartAKernel,
    "KernelClient.complete": completeCode,
    "KernelClient.inspect": inspectCode,
    "KernelClient.isComplete": judgeCode,
    "kernels": listKernels,
    "Notebooks in files": notebooksInFiles,
    "KernelClient": kernelClient,
    "EventSink": eventSink,
    "ScriptedKernel": scriptedKernel,
    "ScriptedKernel.answering": scriptedAnswers,
]

// Without a name, prints the names of all examples.
guard let name = CommandLine.arguments.dropFirst().first else {
    for (name, _) in examples { print(name) }
    exit(0)
}
guard let example = examples.first(where: { $0.key == name }) else { exit(2) }
try await example.value()
