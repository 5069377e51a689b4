/// The code of the caller that takes part in running cells.
package struct CellHooks: Sendable {
    /// Runs around each cell: the first before all others, and after all others.
    package var middleware: [any Middleware]
    /// Answers the questions of the code; nil if the code may ask nothing.
    package var answer: InputHandler?

    /// Answers a question with a line, or with nil for no answer.
    package typealias InputHandler = @Sendable (_ prompt: String, _ isPassword: Bool) async -> String?

    /// Names the code; none by default.
    package init(middleware: [any Middleware] = [], answer: InputHandler? = nil) {
        (self.middleware, self.answer) = (middleware, answer)
    }
}
