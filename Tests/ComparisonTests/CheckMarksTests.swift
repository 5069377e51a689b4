import GalleyComparison
import GalleyNotebook
import GalleyTestSupport
import Testing

@Suite struct `Check marks of a cell` {
    @Test(
        arguments: [
            ("", [], "compared"), ("# NBVAL_IGNORE_OUTPUT\n1", [], ""), ("  ##  NBVAL_IGNORE_OUTPUT  ", [], ""),
            ("#PYTEST_VALIDATE_IGNORE_OUTPUT", [], ""), ("#NBVAL_SKIP", [], "skipped"),
            ("1\n# NBVAL_RAISES_EXCEPTION", [], "compared may raise"), ("1 # NBVAL_SKIP", [], "compared"),
            ("# nbval_skip", [], "compared"), ("", ["nbval-ignore-output"], ""),
            ("", ["pytest-validate-ignore-output"], ""), ("", ["nbval-skip"], "skipped"),
            ("", ["raises-exception"], "compared may raise"), ("", ["nbval-raises-exception"], "compared may raise"),
            ("", ["NBVAL-SKIP", "skip"], "compared"),
            ("# NBVAL_CHECK_OUTPUT", ["nbval-ignore-output"], "compared"),
            ("# NBVAL_IGNORE_OUTPUT", ["nbval-check-output"], ""),
        ] as [(HostileText, [String], String)])
    func `The check marks of a cell are those of nbval`(source: HostileText, tags: [String], meaning: String) {
        #expect(describe(source.text, tags, isLax: false) == meaning)
    }

    @Test(arguments: [
        ("", [], ""), ("# NBVAL_CHECK_OUTPUT", [], "compared"), ("", ["nbval-check-output"], "compared"),
        ("# NBVAL_SKIP", ["nbval-check-output"], "skipped"), ("", ["raises-exception"], "may raise"),
    ])
    func `A lax comparison has to be requested by a mark`(source: String, tags: [String], meaning: String) {
        #expect(describe(source, tags, isLax: true) == meaning)
    }

    @Test func `A cell that was never run is not compared`() {
        let marks = NbvalMarkers(of: .code("1"), isLax: false)
        #expect(marks.isUnrun && !marks.isCompared)
        var cell = Cell.code("1")
        cell.outputs = [.stream(.stdout, "1\n")]
        #expect(NbvalMarkers(of: cell, isLax: false).isCompared)
    }

    @Test func `Check marks that contradict each other or are misspelled cause warnings`() {
        let cell = make(
            "# NBVAL_CHECK_OUTPUT\n# NBVAL_IGNORE_OUTPUTS\n# NBVAL_IGNORE_OUTPUT",
            ["nbval-skpi", "nbval-ignore-output"])
        #expect(
            NbvalMarkers(of: cell, isLax: false).warnings == [
                "the tag 'nbval-skpi' is unknown to nbval and is ignored",
                "the comment '# NBVAL_CHECK_OUTPUT' contradicts the tag 'nbval-ignore-output', which is ignored",
                "the comment '# NBVAL_IGNORE_OUTPUTS' is unknown to nbval and is ignored",
                "the comment '# NBVAL_IGNORE_OUTPUT' contradicts the comment '# NBVAL_CHECK_OUTPUT', which is ignored",
            ])
        #expect(
            NbvalMarkers(of: make("", ["raises-exception", "nbval-raises-exception"]), isLax: false).warnings == [])
    }

    private func make(_ source: String, _ tags: [String]) -> Cell {
        var cell = Cell.code(source)
        cell.tags = tags
        cell.executionCount = 1
        return cell
    }

    private func describe(_ source: String, _ tags: [String], isLax: Bool) -> String {
        let marks = NbvalMarkers(of: make(source, tags), isLax: isLax)
        let words = [
            marks.isSkipped ? "skipped" : nil, marks.isCompared ? "compared" : nil,
            marks.allowsErrors ? "may raise" : nil,
        ]
        return words.compactMap(\.self).joined(separator: " ")
    }
}
