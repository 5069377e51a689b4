/// The languages that Galley can assign parameters in.
package enum ParameterLanguages {
    /// The languages, with the names of their kernels and the names that kernels give them, in lower case.
    package static let all: [(language: any ParameterLanguage, names: Set<String>)] = [
        (Python(), words("python ipython python-raw xpython xpython-raw pysparkkernel pyspark")),
        (R(), words("r ir xr ark sparkrkernel")),
        (Scala(), words("scala almond sparkkernel apache_toree_scala spylon-kernel")),
        (Julia(), words("julia xjulia")),
        (Matlab(isOctave: false), words("matlab jupyter_matlab_kernel")),
        (Matlab(isOctave: true), words("octave xoctave")),
        (CSharp(), words(".net-csharp c# csharp")),
        (FSharp(), words(".net-fsharp f# fsharp")),
        (PowerShell(), words(".net-powershell powershell pwsh")),
        (Bash(), words("bash calysto_bash")),
        (JavaScript(name: "JavaScript"), words("javascript jslab nodejs xjavascript")),
        (JavaScript(name: "TypeScript"), words("typescript deno tslab")),
        (Rust(), words("rust evcxr")),
        (Cpp(), words("c++ cpp xcpp")),
        (Kotlin(), words("kotlin")),
        (Scheme(), words("scheme calysto_scheme")),
    ]

    /// Returns the language of a kernel, which its name often says, and otherwise the language that the notebook names.
    ///
    /// Without a kernel and a language, the language is Python, as in a run of such a notebook.
    ///
    /// - Throws: ``ParameterError/unknownLanguage(_:)`` for another language.
    package static func language(kernel: String?, language: String?) throws(ParameterError) -> any ParameterLanguage {
        if kernel == nil, language == nil { return Python() }
        for name in [kernel, language].compactMap({ $0 }) {
            let plain = plain(name)
            if let match = all.first(where: { $0.names.contains(plain) }) { return match.language }
        }
        throw .unknownLanguage(language ?? kernel ?? "")
    }

    /// Returns the name in lower case without its version: `julia` for `julia-1.10`.
    private static func plain(_ name: String) -> String {
        let name = name.lowercased()
        // The kernels of nb_conda_kernels.
        if name.hasPrefix("conda-") {
            if name.hasSuffix("-py") { return "python" }
            if name.hasSuffix("-r") { return "r" }
        }
        let end = name.lastIndex { !($0.isNumber || $0 == "." || $0 == "-" || $0 == "_") }
        return end.map { String(name[...$0]) } ?? name
    }
}
