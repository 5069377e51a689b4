// swift-tools-version: 6.2

// Targets stand in the order of their dependencies: each one uses only what is above it.
import PackageDescription

let package = Package(
    name: "galley",
    targets: [
        // Documents
        .target(name: "JSON"),
        .target(name: "Notebook", dependencies: ["JSON"]),

        // Tests
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "NotebookTests", dependencies: ["JSON", "Notebook"]),
    ]
)

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

for target in package.targets {
    target.swiftSettings = settings
}
