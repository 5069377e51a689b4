// swift-tools-version: 6.2

// Targets are in dependency order: each target uses only targets above it.
import PackageDescription

let package = Package(
    name: "galley",
    products: [
        .executable(name: "galley", targets: ["GalleyCLI"]),
        .library(name: "Galley", targets: ["Galley"]),
        .library(name: "GalleyTesting", targets: ["GalleyTesting"]),
    ],
    targets: [
        // Documents
        room("Spelling"),
        room("CLinux"),
        room("Concurrency", needs: ["CLinux"]),
        room("JSON"),
        room("Notebook", needs: ["JSON"]),
        .systemLibrary(name: "GalleyCYAML", path: "Sources/CYAML"),
        room("Parameters", needs: ["JSON", "Notebook", "CYAML"]),
        room("Storage", needs: ["CLinux"]),

        // Kernels
        room("JupyterProtocol", needs: ["Concurrency", "JSON"]),
        .systemLibrary(name: "GalleyCZeroMQ", path: "Sources/CZeroMQ"),
        .systemLibrary(name: "GalleyCSodium", path: "Sources/CSodium"),
        room("ZeroMQTransport", needs: ["Concurrency", "JSON", "JupyterProtocol", "CZeroMQ", "CSodium"]),
        room(
            "LocalKernels", needs: ["Concurrency", "Spelling", "JSON", "JupyterProtocol", "ZeroMQTransport", "CLinux"]),

        room("AttachedKernels", needs: ["Concurrency", "JSON", "JupyterProtocol", "ZeroMQTransport", "CLinux"]),
        room("CCurl"),
        room("HTTP", needs: ["Concurrency", "JSON", "CLinux", "CCurl"]),
        room(
            "JupyterServer", needs: ["Concurrency", "JSON", "CLinux", "Storage", "JupyterProtocol", "HTTP"]),
        room("ObjectStorage", needs: ["Concurrency", "JSON", "CLinux", "CSodium", "Storage", "HTTP"]),
        room("GalleyTesting", needs: ["Concurrency", "JSON", "JupyterProtocol"]),

        // Where they meet
        room("Execution", needs: ["Concurrency", "JSON", "Notebook", "Parameters", "JupyterProtocol"]),
        room("Flags", needs: ["Spelling"]),
        room(
            "Galley",
            needs: [
                "Concurrency", "Flags", "JSON", "Notebook", "Storage", "JupyterProtocol", "ZeroMQTransport",
                "LocalKernels", "AttachedKernels", "JupyterServer", "ObjectStorage", "Parameters", "Execution",
            ]),
        room(
            "Papermill", needs: ["JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "Galley"]),
        .target(
            name: "GalleyCCmark", path: "Sources/CCmark",
            // The static libraries, so that the program needs no other file to run.
            linkerSettings: [.linkedLibrary(":libcmark-gfm-extensions.a"), .linkedLibrary(":libcmark-gfm.a")]),
        room("Rendering", needs: ["JSON", "Notebook", "Execution", "CCmark"]),
        .systemLibrary(name: "GalleyCZlib", path: "Sources/CZlib"),
        room("Comparison", needs: ["JSON", "Notebook", "Execution", "CZlib"]),
        room(
            "Reports",
            needs: ["JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "Galley", "Rendering"],
            exclude: ["report.schema.json"]),
        room("Export", needs: ["JSON", "Notebook", "JupyterProtocol", "Execution", "Rendering", "Comparison"]),
        room("RunFiles", needs: ["Concurrency", "CLinux", "Storage", "Execution", "Galley"]),
        room("Supervisor", needs: ["CLinux", "Storage"]),
        room("Runs", needs: ["JSON", "CLinux", "Storage", "JupyterProtocol"]),
        .executableTarget(
            name: "GalleyCLI",
            dependencies: modules([
                "Concurrency", "Spelling", "Flags", "JSON", "Notebook", "Parameters", "Storage", "JupyterProtocol",
                "LocalKernels", "AttachedKernels", "JupyterServer", "ObjectStorage", "Execution", "Galley", "Papermill",
                "Comparison", "Rendering", "Export", "Reports", "RunFiles", "Runs", "Supervisor", "CLinux",
            ]), path: "Sources/CLI", exclude: ["events.schema.json"]),

        // Tests
        .target(
            name: "GalleyTestSupport", dependencies: modules(["JSON", "Notebook", "Storage", "LocalKernels"]),
            path: "Tests/Support"),
        tests(of: "JSON", need: ["JSON"]),
        tests(of: "Notebook", need: ["JSON", "Notebook"]),
        tests(of: "Parameters", need: ["JSON", "Notebook", "Parameters"]),
        tests(of: "Storage", need: ["CLinux", "Storage"]),
        tests(of: "JupyterProtocol", need: ["Concurrency", "JSON", "JupyterProtocol", "GalleyTesting"]),
        tests(of: "ZeroMQTransport", need: ["JSON", "JupyterProtocol", "ZeroMQTransport"]),
        tests(of: "HTTP", need: ["Concurrency", "CLinux", "HTTP"]),
        tests(of: "LocalKernels", need: ["CLinux", "JSON", "JupyterProtocol", "LocalKernels"]),
        tests(
            of: "JupyterServer",
            need: [
                "Concurrency", "JSON", "Notebook", "Storage", "JupyterProtocol", "Execution", "HTTP", "JupyterServer",
            ]),
        tests(of: "ObjectStorage", need: ["Concurrency", "JSON", "Storage", "HTTP", "ObjectStorage"]),
        tests(
            of: "Execution",
            need: [
                "Concurrency", "JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "GalleyTesting",
            ]),
        tests(
            of: "Galley",
            need: [
                "Concurrency", "JSON", "Notebook", "Parameters", "Storage", "JupyterProtocol", "LocalKernels",
                "GalleyTesting", "Execution", "Galley",
            ]),
        tests(
            of: "Papermill",
            need: [
                "JSON", "Notebook", "JupyterProtocol", "Parameters", "Execution", "Galley", "GalleyTesting",
                "Papermill",
            ]),
        tests(of: "Rendering", need: ["JSON", "Notebook", "Execution", "Rendering"]),
        tests(of: "Comparison", need: ["JSON", "Notebook", "Comparison"]),
        tests(of: "Export", need: ["JSON", "Notebook", "Execution", "Export"]),
        tests(
            of: "Reports",
            need: ["JSON", "Notebook", "Parameters", "JupyterProtocol", "Execution", "Galley", "Reports"]),
        tests(of: "Runs", need: ["JSON", "Storage", "JupyterProtocol", "Runs"]),
        tests(of: "Flags", need: ["Flags"]),
        tests(
            of: "CLI",
            need: [
                "JSON", "Notebook", "Parameters", "JupyterProtocol", "GalleyTesting", "Storage", "Execution", "Flags",
                "Galley", "Export",
                "GalleyCLI",
            ]),
        tests(of: "Architecture"),
        // The test inspects the built modules, so they are dependencies.
        tests(of: "API", need: ["Galley", "GalleyTesting"], exclude: ["public-api.txt"]),
        tests(of: "EndToEnd"),
        // No package access, so that the documentation's examples use only the public API.
        .executableTarget(
            name: "Examples", dependencies: modules(["Galley", "GalleyTesting"]), path: "Tests/Examples",
            packageAccess: false),
        .executableTarget(
            name: "Benchmarks", dependencies: modules(["JSON", "Storage", "JupyterProtocol", "LocalKernels"]),
            path: "Tests/Benchmarks",
            exclude: [
                "batch.py", "floor.py", "json_speed.py", "large_notebooks.py", "matrix.py", "notebooks.py",
                "servers.py", "stores.py",
            ]),
        .executableTarget(
            name: "Soak",
            dependencies: modules([
                "Concurrency", "JSON", "Notebook", "CLinux", "Storage", "ZeroMQTransport", "LocalKernels", "Execution",
                "Galley",
            ]), path: "Tests/Soak"),
    ]
)

// With a list of test targets, the package has only these tests and no programs, so that they are built in less time.
if let names = Context.environment["GALLEY_TEST_TARGETS"]?.split(separator: " ") {
    package.targets.removeAll { $0.type == .executable || $0.isTest && !names.contains($0.name[...]) }
    package.products.removeAll { $0.name == "galley" }
}

/// A folder of `Sources`.
///
/// SwiftPM does not allow two modules of the same name in a build, and other packages may have a `JSON` or a `CLI`.
/// Therefore each module's name begins with "Galley".
func room(_ name: String, needs: [String] = [], exclude: [String] = []) -> Target {
    .target(name: module(name), dependencies: modules(needs), path: "Sources/\(name)", exclude: exclude)
}

func tests(of room: String, need: [String] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(room)Tests", dependencies: modules(need) + ["GalleyTestSupport"], exclude: exclude)
}

func module(_ room: String) -> String { room.hasPrefix("Galley") ? room : "Galley\(room)" }

func modules(_ rooms: [String]) -> [Target.Dependency] { rooms.map { .target(name: module($0)) } }

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

for target in package.targets
where !["CCmark", "CCurl", "CLinux", "CSodium", "CYAML", "CZeroMQ", "CZlib"].map(module).contains(target.name) {
    // Tests call the system to make faults; that every such call be marked helps where the program itself does it.
    target.swiftSettings =
        settings + (target.isTest || target.name == "GalleyTestSupport" ? [] : [.strictMemorySafety()])
}
