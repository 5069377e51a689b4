/// An option of a command line, described by a value: its names, its help, and how it changes a target.
///
///     let nightly = Flag<Options>("--nightly", in: .time, "Give the run eight hours") { options in
///         options.totalTimeout = .seconds(8 * 3600)
///     }
///
/// A flag only changes its target. It reads no file and prints nothing, so a command line can be parsed anywhere.
public struct Flag<Target>: Sendable {
    /// The names, the usual one first.
    public let names: [String]
    /// Its value; nil if it takes none.
    public let value: Value?
    /// Its heading in help.
    public let category: FlagCategory
    /// Its effect, in one line.
    public let summary: String

    let change: Change

    /// Changes the target, given the value and the name on the command line.
    public typealias Change =
        @Sendable (_ target: inout Target, _ value: String, _ name: String) throws(UsageError) -> Void

    /// The value of a flag.
    public struct Value: Hashable, Sendable {
        /// Its name in help, such as `TIME`.
        ///
        /// Shells complete `FILE`, `DIR`, `USER` and `KERNEL` with such names, and `one|other` with these words.
        public let name: String
        /// A valid value, such as `10m`.
        public let example: String
        /// Whether the flag can stand without a value. If so, a value must follow an equals sign.
        public let isOptional: Bool
        /// Whether it is a pair, `NAME=VALUE`, which can also be two arguments. The flag receives the first form.
        public let isPair: Bool
    }

    /// Describes a flag without a value.
    public init(
        _ names: String..., in category: FlagCategory, _ summary: String,
        change: @escaping @Sendable (inout Target) throws(UsageError) -> Void
    ) {
        self.init(names, nil, category, summary) { target, _, _ throws(UsageError) in try change(&target) }
    }

    /// Describes a flag that takes a value.
    ///
    /// - Parameters:
    ///   - value: The name of the value in help.
    ///   - example: A valid value, for documentation and tests.
    ///   - isOptional: Whether the flag can stand without a value, and `change` then receives an empty one.
    public init(
        _ names: String..., takes value: String, example: String, isOptional: Bool = false,
        in category: FlagCategory, _ summary: String, change: @escaping Change
    ) {
        let value = Value(name: value, example: example, isOptional: isOptional, isPair: false)
        self.init(names, value, category, summary, change: change)
    }

    /// Describes a flag of several names that takes a value.
    ///
    /// - Parameter isPair: Whether the value is a pair, which can also be two arguments.
    public init(
        _ names: [String], takes value: String, example: String, isPair: Bool = false, in category: FlagCategory,
        _ summary: String, change: @escaping Change
    ) {
        let value = Value(name: value, example: example, isOptional: false, isPair: isPair)
        self.init(names, value, category, summary, change: change)
    }

    private init(
        _ names: [String], _ value: Value?, _ category: FlagCategory, _ summary: String, change: @escaping Change
    ) {
        (self.names, self.value, self.category) = (names, value, category)
        (self.summary, self.change) = (summary, change)
    }

    /// The same flag for something that holds its target.
    public func inside<Outer>(_ path: any WritableKeyPath<Outer, Target> & Sendable) -> Flag<Outer> {
        let outerValue = value.map {
            Flag<Outer>.Value(name: $0.name, example: $0.example, isOptional: $0.isOptional, isPair: $0.isPair)
        }
        return Flag<Outer>(names, outerValue, category, summary) { [change] outer, value, name throws(UsageError) in
            try change(&outer[keyPath: path], value, name)
        }
    }
}

/// A heading of the list of flags.
public struct FlagCategory: Hashable, Sendable {
    /// The heading.
    public let title: String

    /// Makes a heading.
    public init(_ title: String) { self.title = title }

    /// The place and the contents of the result.
    public static let result = FlagCategory("Result")
    /// The kernel and its environment.
    public static let kernel = FlagCategory("Kernel")
    /// Time limits.
    public static let time = FlagCategory("Time")
    /// The cells to run, and the errors to allow.
    public static let cells = FlagCategory("Cells")
    /// Progress, logs and events.
    public static let output = FlagCategory("Output")
    /// Many notebooks.
    public static let many = FlagCategory("Many notebooks")
    /// Runs in the background.
    public static let background = FlagCategory("Background")
    /// Names and settings of other programs.
    public static let compatibility = FlagCategory("Options of nbconvert, jupyter execute and pytest")
}
