package import GalleyJSON
import GalleyJupyterProtocol
import GalleyParameters

// The JSON form of settings: an object with the names of the properties. Times are in seconds.

extension RunSettings: Codable {
    /// Decodes settings. Missing settings get their default values.
    ///
    /// - Throws: `DecodingError` for an unknown setting, or a value of the wrong type.
    public init(from decoder: any Decoder) throws {
        let json = try Value(from: decoder)
        do throws(SettingsError) {
            try self.init(json: json)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    /// Encodes all settings.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// The settings in JSON.
    package var json: Value { .object(Self.members.map { ($0.name, $0.write(self)) }) }

    /// Reads settings from JSON.
    package init(json: Value) throws(SettingsError) {
        self.init()
        guard json.kind == .object else { throw .notAnObject }
        for (name, value) in json.members {
            guard let member = Self.members.first(where: { $0.name == name }) else { throw .unknown(name) }
            guard member.read(value, &self) else { throw .unsuitable(name) }
        }
    }

    /// The names of all settings.
    package static var names: [String] { members.map(\.name) }

    private static let members = [
        Member("kernel", \.kernel), Member("allowsKernelFallback", \.allowsKernelFallback), Member("user", \.user),
        Member("environment", \.environment), Member("inheritsEnvironment", \.inheritsEnvironment),
        Member("workingDirectory", \.workingDirectory), Member("kernelArguments", \.kernelArguments),
        Member("hasTemporaryDirectory", \.hasTemporaryDirectory), Member("resources", \.resources),
        Member("leavesChildren", \.leavesChildren), Member("keepsKernel", \.keepsKernel),
        Member("startTimeout", \.startTimeout),
        Member("timeout", \.timeout), Member("totalTimeout", \.totalTimeout), Member("idleTimeout", \.idleTimeout),
        Member("onTimeout", \.onTimeout), Member("grace", \.grace), Member("allowedErrors", \.allowedErrors),
        Member("allowsLostOutput", \.allowsLostOutput),
        Member("parameters", \.parameters), Member("preparesOnly", \.preparesOnly), Member("startAt", \.startAt),
        Member("stopAfter", \.stopAfter),
        Member("only", \.only),
        Member("skipTag", \.skipTag),
        Member("result", \.result), Member("keepsRecord", \.keepsRecord), Member("keepsTiming", \.keepsTiming),
        Member("keepsWidgets", \.keepsWidgets), Member("collapsesProgress", \.collapsesProgress),
        Member("outputLimit", \.outputLimit),
    ]

    private struct Member: Sendable {
        let name: String
        let write: @Sendable (RunSettings) -> Value
        /// Sets the value; returns false if it has the wrong type.
        let read: @Sendable (Value, inout RunSettings) -> Bool

        init<Setting: SettingValue>(_ name: String, _ path: any WritableKeyPath<RunSettings, Setting> & Sendable) {
            self.name = name
            write = { $0[keyPath: path].written }
            read = { value, settings in
                guard let setting = Setting(json: value) else { return false }
                settings[keyPath: path] = setting
                return true
            }
        }
    }
}

/// The reason why a document does not contain valid settings.
package enum SettingsError: Error, Hashable {
    case notAnObject
    case unknown(String)
    case unsuitable(String)
}

extension SettingsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnObject: "settings must be a JSON object, such as {\"timeout\": 600}"
        case .unknown(let name):
            "'\(name)' is not a setting. The settings are \(RunSettings.names.joined(separator: ", "))"
        case .unsuitable(let name): "the value of the setting '\(name)' has the wrong type"
        }
    }
}

/// A value of a setting that converts to and from JSON.
private protocol SettingValue: SendableMetatype {
    /// Returns nil if the value has the wrong type.
    init?(json: Value)
    var written: Value { get }
}

extension Bool: SettingValue {
    fileprivate init?(json: Value) {
        guard let bool = json.bool else { return nil }
        self = bool
    }
    fileprivate var written: Value { .bool(self) }
}

extension Int: SettingValue {
    fileprivate init?(json: Value) {
        guard let int = json.int else { return nil }
        self = int
    }
    fileprivate var written: Value { .number(self) }
}

extension String: SettingValue {
    fileprivate init?(json: Value) {
        guard let string = json.string else { return nil }
        self = string
    }
    fileprivate var written: Value { .string(self) }
}

extension Duration: SettingValue {
    fileprivate init?(json: Value) {
        guard let seconds = json.number?.double, abs(seconds) <= 9e9 else { return nil }
        self = .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
    fileprivate var written: Value { .number(inSeconds) }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    fileprivate init?(json: Value) {
        if json.isNull {
            self = nil
        } else {
            guard let value = Wrapped(json: json) else { return nil }
            self = value
        }
    }
    fileprivate var written: Value { map(\.written) ?? .null }
}

extension Array: SettingValue where Element: SettingValue {
    fileprivate init?(json: Value) {
        guard json.kind == .array else { return nil }
        let elements = json.elements.map { Element(json: $0) }
        self = elements.compactMap(\.self)
        if count != elements.count { return nil }
    }
    fileprivate var written: Value { .array(map(\.written)) }
}

extension Dictionary: SettingValue where Key == String, Value: SettingValue {
    fileprivate init?(json: GalleyJSON.Value) {
        guard json.kind == .object else { return nil }
        self = [:]
        for (name, member) in json.members {
            guard let value = Value(json: member) else { return nil }
            self[name] = value
        }
    }
    fileprivate var written: GalleyJSON.Value {
        .object(sorted { $0.key < $1.key }.map { ($0.key, $0.value.written) })
    }
}

extension TimeoutAction: SettingValue {
    fileprivate init?(json: Value) { self.init(rawValue: json.string ?? "") }
    fileprivate var written: Value { .string(rawValue) }
}

extension KernelKeeping: SettingValue {
    fileprivate init?(json: Value) { self.init(rawValue: json.string ?? "") }
    fileprivate var written: Value { .string(rawValue) }
}

extension KernelUser: SettingValue {
    fileprivate init?(json: Value) {
        switch (json.string, json["name"]?.string) {
        case ("automatic", _): self = .automatic
        case ("caller", _): self = .caller
        case ("owner", _): self = .owner
        case (_, let name?): self = .named(name)
        default: return nil
        }
    }
    fileprivate var written: Value {
        switch self {
        case .automatic: "automatic"
        case .caller: "caller"
        case .owner: "owner"
        case .named(let name): ["name": .string(name)]
        }
    }
}

extension ResultPlace: SettingValue {
    fileprivate init?(json: Value) {
        switch (json.string, json["file"]?.string, json["folder"]?.string) {
        case ("beside", _, _): self = .beside
        case ("inPlace", _, _): self = .inPlace
        case ("nowhere", _, _): self = .nowhere
        case (_, let file?, nil): self = .file(file)
        case (_, nil, let folder?): self = .folder(folder)
        case _ where json["template"]?.string != nil: self = .template(json["template"]?.string ?? "")
        default: return nil
        }
    }
    fileprivate var written: Value {
        switch self {
        case .beside: "beside"
        case .inPlace: "inPlace"
        case .nowhere: "nowhere"
        case .file(let file): ["file": .string(file)]
        case .template(let text): ["template": .string(text)]
        case .folder(let folder): ["folder": .string(folder)]
        }
    }
}

extension AllowedErrors: SettingValue {
    fileprivate init?(json: Value) {
        guard let isEverything = json["isEverything"]?.bool, let respectsTags = json["respectsTags"]?.bool,
            let names = json["names"].flatMap({ [String](json: $0) })
        else { return nil }
        self.init()
        (self.isEverything, self.respectsTags, self.names) = (isEverything, respectsTags, Set(names))
    }
    fileprivate var written: Value {
        ["isEverything": .bool(isEverything), "names": names.sorted().written, "respectsTags": .bool(respectsTags)]
    }
}

extension Parameters: SettingValue {
    fileprivate init?(json: Value) {
        guard let checksTypes = json["checksTypes"]?.bool, let isStrict = json["isStrict"]?.bool,
            case .map(let values)? = json["values"].flatMap({ ParameterValue(portableJSON: $0) }),
            let secrets = json["secrets"].flatMap({ [String: String](json: $0) })
        else { return nil }
        self.init(values)
        (self.secrets, self.isStrict, self.checksTypes) = (secrets, isStrict, checksTypes)
        language = json["language"]?.string
    }
    fileprivate var written: Value {
        [
            "checksTypes": .bool(checksTypes), "isStrict": .bool(isStrict), "language": language.written,
            "secrets": secrets.written,
            "values": ParameterValue.map(values).portableJSON,
        ]
    }
}

extension CellSelection: SettingValue {
    fileprivate init?(json: Value) {
        guard let numbers = json["numbers"]?.string, let tags = json["tagged"].flatMap({ [String](json: $0) }),
            let ranges = numbers.isEmpty ? [] : [ClosedRange<Int>](parsingCells: numbers)
        else { return nil }
        self.init()
        (self.numbers, self.tags) = (ranges, Set(tags))
    }
    fileprivate var written: Value {
        ["numbers": .string(numbers.cellNumbers), "tagged": tags.sorted().written]
    }
}

extension ResourceLimits: SettingValue {
    fileprivate init?(json: Value) {
        guard json.kind == .object, let memory = Int?(json: json["memory"] ?? .null),
            let time = Duration?(json: json["processorTime"] ?? .null),
            let files = Int?(json: json["openFiles"] ?? .null)
        else { return nil }
        self.init()
        (self.memory, processorTime, openFiles) = (memory, time, files)
    }
    fileprivate var written: Value {
        ["memory": memory.written, "openFiles": openFiles.written, "processorTime": processorTime.written]
    }
}
