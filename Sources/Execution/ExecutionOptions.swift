package import GalleyNotebook

/// How the cells of a notebook are to be run.
package struct ExecutionOptions: Sendable {
    /// How long a cell may take, where neither it nor the notebook says otherwise.
    package var cellLimit = TimeLimit.none
    /// How long the whole run may take, the start of the kernel included.
    package var totalLimit = TimeLimit.none
    /// How long a cell that runs may say nothing.
    package var silenceLimit = TimeLimit.none
    /// What happens to the rest of the notebook when a cell has come up against a limit.
    public var atLimit = AtLimit.stop
    /// How long a kernel that was interrupted has until it is killed.
    public var grace = Duration.seconds(10)
    /// Which errors do not end the run.
    public var allowedErrors = AllowedErrors()
    /// Answers the questions of the code, and gives nil for no answer; without it, the code may ask nothing.
    package var answer: (@Sendable (_ prompt: String, _ isPassword: Bool) async -> String?)?
    /// Where to begin: the number of a code cell, counted from 1, or a tag, or the identifier of a cell.
    public var startAt: String?
    /// After which cell to stop, called likewise.
    public var stopAfter: String?
    /// The tag of cells that are left out and left as they are.
    public var skipTag = "skip-execution"
    /// Whether a cell is left out as if it had that tag.
    package var isSkipped: @Sendable (Cell) -> Bool = { _ in false }
    /// Who does something before and after each cell: the first of them before all others, and after all others.
    public var middleware: [any Middleware] = []
    /// Whether what belongs to a request that is not one of this run's is left out, and not taken for the cell's that runs.
    package var keepsOwnOutputsAlone = false
    /// Whether each cell's metadata tell when it was run.
    public var keepsTiming = true
    /// Whether the notebook's metadata tell what its widgets look like.
    public var keepsWidgets = true
    /// Whether of text that a program wrote over itself only that is kept which a terminal would show at the end.
    public var collapsesProgress = false
    /// How many bytes of output are kept of a cell; nil for all of it.
    public var outputLimit: Int?

    /// Runs everything, without limits, up to the first error.
    public init() {}
}

/// What happens to the rest of a notebook when a cell has come up against a limit.
@nonexhaustive
public enum AtLimit: String, Hashable, Sendable {
    /// The run ends.
    case stop
    /// The next cell is run.
    case goOn
}

/// Errors that do not end a run.
public struct AllowedErrors: Hashable, Sendable {
    /// Whether no error ends the run.
    public var isEverything = false
    /// The names of errors that do not, such as `ValueError`.
    public var names: Set<String> = []
    /// Whether the tag `raises-exception` counts.
    public var respectsTags = true

    /// Allows what the tag `raises-exception` stands on.
    public init() {}

    /// Allows every error.
    public static let everything: AllowedErrors = {
        var errors = AllowedErrors()
        errors.isEverything = true
        return errors
    }()

    /// Allows errors by their names, and what the tag `raises-exception` stands on.
    public static func named(_ names: Set<String>) -> AllowedErrors {
        var errors = AllowedErrors()
        errors.names = names
        return errors
    }

    /// Allows nothing, whatever a tag says.
    public static let nothing: AllowedErrors = {
        var errors = AllowedErrors()
        errors.respectsTags = false
        return errors
    }()
}
