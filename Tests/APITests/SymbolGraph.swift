import Foundation
import GalleyTestSupport
import Testing

/// The public symbols of a module, as the compiler lists them.
struct SymbolGraph: Decodable, Sendable {
    var symbols: [Symbol]
    var relationships: [Relationship]

    struct Symbol: Decodable, Sendable {
        struct Identifier: Decodable { var precise: String }
        struct Kind: Decodable { var identifier: String }
        struct Fragment: Decodable { var spelling: String }
        struct Comment: Decodable {}
        struct Location: Decodable {}
        struct Extension: Decodable {
            struct Constraint: Decodable { var kind, lhs, rhs: String }
            var constraints: [Constraint]?
        }

        var identifier: Identifier
        var kind: Kind
        var pathComponents: [String]
        var declarationFragments: [Fragment]
        var docComment: Comment?
        var swiftExtension: Extension?
        /// The position in the source; nil for a symbol that the compiler has synthesized.
        var location: Location?

        var name: String { pathComponents.joined(separator: ".") }
        var declaration: String { declarationFragments.map(\.spelling).joined() }
        var isEnum: Bool { kind.identifier == "swift.enum" }
        /// `property` of `swift.property`, `type method` of `swift.type.method`.
        var kindName: String { kind.identifier.split(separator: ".").dropFirst().joined(separator: " ") }
        /// The generic constraints of an extension of another module's type.
        var condition: String {
            let parts = (swiftExtension?.constraints ?? []).map {
                "\($0.lhs) \($0.kind == "sameType" ? "==" : ":") \($0.rhs)"
            }
            return parts.isEmpty ? "" : " where " + parts.joined(separator: ", ")
        }
    }

    struct Relationship: Decodable, Sendable {
        var kind, source, target: String
        var targetFallback: String?
    }

    /// The declarations, one a line.
    func lines(of module: String) -> [String] {
        let names = Dictionary(symbols.map { ($0.identifier.precise, $0.name) }, uniquingKeysWith: { one, _ in one })
        var roles: [String: String] = [:]
        for relationship in relationships {
            switch relationship.kind {
            case "requirementOf": roles[relationship.source] = "required "
            case "defaultImplementationOf": roles[relationship.source] = "default "
            default: break
            }
        }
        let declarations = symbols.filter { $0.location != nil }.map { symbol in
            let role = roles[symbol.identifier.precise] ?? ""
            return "\(module): \(symbol.name): \(role)\(symbol.kindName): \(symbol.declaration)\(symbol.condition)"
        }
        // Conformances that nearly every type has are left out.
        let usual: Set = ["Swift.Copyable", "Swift.Escapable", "Swift.SendableMetatype"]
        let conformances = relationships.filter { $0.kind == "conformsTo" }.compactMap { relationship -> String? in
            let target = names[relationship.target] ?? relationship.targetFallback ?? relationship.target
            guard !usual.contains(target), let name = names[relationship.source] else { return nil }
            return "\(module): \(name): conformance: \(target)"
        }
        return declarations + conformances
    }

    /// Returns the public symbols of a built module.
    static func of(_ module: String) async throws -> [SymbolGraph] {
        let folder = try TemporaryFolder()
        try await extract(module, into: folder.path)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try files.map {
            try JSONDecoder().decode(
                SymbolGraph.self, from: Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0)))
        }
    }

    /// Writes the public symbols of a built module into a folder.
    ///
    /// - Parameter reexported: Those whose declarations count as the module's own, because it passes them on.
    static func extract(_ module: String, reexporting reexported: [String] = [], into folder: String) async throws {
        let products = Repository.products
        var arguments = [
            "-module-name", module, "-target", try await Toolchain.target.value, "-minimum-access-level", "public",
            "-skip-synthesized-members", "-output-dir", folder, "-I", products + "/Modules", "-I",
            products + "/GalleyCLinux.build", "-I", products + "/GalleyCCmark.build",
        ]
        for library in ["CSodium", "CYAML", "CZeroMQ", "CZlib"] {
            arguments += ["-I", "\(Repository.root)/Sources/\(library)"]
        }
        if !reexported.isEmpty {
            arguments.append("-experimental-allowed-reexported-modules=" + reexported.joined(separator: ","))
        }
        try await Toolchain.run("swift-symbolgraph-extract", arguments)
    }
}

/// The public modules, and the internal ones.
enum Modules {
    /// The public modules.
    static let passedOn = [
        "AttachedKernels", "Execution", "Flags", "JSON", "JupyterProtocol", "JupyterServer", "LocalKernels", "Notebook",
        "ObjectStorage", "Parameters", "Storage",
    ].map(module)
    static let seen = ["Galley", "GalleyTesting"] + passedOn
    static let own = ["CLI", "Comparison", "Papermill", "Rendering", "Reports", "Runs", "ZeroMQTransport"].map(module)

    private static func module(_ room: String) -> String { "Galley\(room)" }

    /// The public symbols of all public modules, by module.
    static let graphs = Task {
        var graphs: [(module: String, graph: SymbolGraph)] = []
        for module in seen { graphs += try await SymbolGraph.of(module).map { (module, $0) } }
        return graphs
    }
}
