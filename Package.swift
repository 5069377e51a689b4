// swift-tools-version: 6.2

// Targets stand in the order of their dependencies: each one uses only what is above it.
import PackageDescription

let package = Package(
    name: "galley",
    products: [
        .executable(name: "galley", targets: ["CLI"]),
        .library(name: "Galley", targets: ["Galley"]),
    ],
    targets: [
        // Documents
        .target(name: "JSON"),
        .target(name: "Notebook", dependencies: ["JSON"]),
        .target(name: "CLinux"),
        .target(name: "Storage", dependencies: ["CLinux"]),

        // Kernels
        .target(name: "JupyterProtocol", dependencies: ["JSON"]),
        .systemLibrary(name: "CZeroMQ"),
        .systemLibrary(name: "CSodium"),
        .target(name: "ZeroMQTransport", dependencies: ["JSON", "JupyterProtocol", "CZeroMQ", "CSodium"]),
        .target(name: "LocalKernels", dependencies: ["JSON", "JupyterProtocol", "ZeroMQTransport", "CLinux"]),

        // Where they meet
        .target(name: "Execution", dependencies: ["JSON", "Notebook", "JupyterProtocol"]),
        .target(
            name: "Galley",
            dependencies: ["JSON", "Notebook", "Storage", "JupyterProtocol", "LocalKernels", "Execution"]),
        .target(name: "Rendering", dependencies: ["JSON", "Notebook", "Execution"]),
        .target(name: "Comparison", dependencies: ["JSON", "Notebook", "Execution"]),
        .target(
            name: "Reports",
            dependencies: ["JSON", "Notebook", "JupyterProtocol", "Execution", "Galley", "Rendering"],
            exclude: ["report.schema.json"]),
        .target(name: "Runs", dependencies: ["JSON", "CLinux", "Storage", "JupyterProtocol"]),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "JSON", "Notebook", "Storage", "JupyterProtocol", "LocalKernels", "Execution", "Galley", "Comparison",
                "Rendering", "Reports", "Runs",
            ], exclude: ["events.schema.json"]),

        // Tests
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "NotebookTests", dependencies: ["JSON", "Notebook"]),
        .testTarget(name: "StorageTests", dependencies: ["CLinux", "Storage"]),
        .target(name: "ScriptedKernel", dependencies: ["JSON", "JupyterProtocol"], path: "Tests/ScriptedKernel"),
        .testTarget(name: "JupyterProtocolTests", dependencies: ["JSON", "JupyterProtocol", "ScriptedKernel"]),
        .testTarget(name: "ZeroMQTransportTests", dependencies: ["JSON", "JupyterProtocol", "ZeroMQTransport"]),
        .testTarget(name: "LocalKernelsTests", dependencies: ["CLinux", "JSON", "JupyterProtocol", "LocalKernels"]),
        .testTarget(
            name: "ExecutionTests",
            dependencies: ["JSON", "Notebook", "JupyterProtocol", "Execution", "ScriptedKernel"]),
        .testTarget(
            name: "GalleyTests",
            dependencies: ["JSON", "Notebook", "Storage", "JupyterProtocol", "LocalKernels", "Execution", "Galley"]),
        .testTarget(name: "RenderingTests", dependencies: ["JSON", "Notebook", "Execution", "Rendering"]),
        .testTarget(name: "ComparisonTests", dependencies: ["JSON", "Notebook", "Comparison"]),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["JSON", "Notebook", "JupyterProtocol", "Execution", "Galley", "Reports"]),
        .testTarget(name: "RunsTests", dependencies: ["JSON", "Storage", "JupyterProtocol", "Runs"]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "EndToEndTests"),
        .executableTarget(
            name: "Benchmarks", dependencies: ["JSON", "Storage", "JupyterProtocol", "LocalKernels"],
            path: "Tests/Benchmarks", exclude: ["batch.py", "floor.py", "notebooks.py"]),
    ]
)

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

for target in package.targets where !["CLinux", "CSodium", "CZeroMQ"].contains(target.name) {
    // Tests call the system to make faults; that every such call be marked helps where the program itself does it.
    target.swiftSettings = settings + (target.isTest ? [] : [.strictMemorySafety()])
}
