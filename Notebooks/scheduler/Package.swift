// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "scheduler",
    products: [.executable(name: "scheduler", targets: ["Scheduler"])],
    // In your own repository, use .package(url:from:).
    dependencies: [.package(name: "galley", path: "../..")],
    targets: [
        .executableTarget(name: "Scheduler", dependencies: [.product(name: "Galley", package: "galley")])
    ]
)
