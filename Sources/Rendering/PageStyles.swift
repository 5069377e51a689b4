extension HTML {
    /// The style sheet for all HTML of this module, for a page's `style` element.
    ///
    /// Its colors are custom properties, which a page can override.
    package static let styles: HTML = {
        var html = HTML()
        for part in [palette, terminalPalette, layout, text, code] { html.append(markup: part.utf8) }
        return html
    }()

    private static let lightColors = """
          --nb-paper: #ffffff; --nb-ink: #1f2328; --nb-quiet: #57606a; --nb-line: #d8dee4;
          --nb-code: #f6f8fa; --nb-link: #0a58b8; --nb-warm: #fff4f2; --nb-alarm: #b3261e; --nb-mark: #ffe3df;
          --nb-keyword: #9a2c8f; --nb-builtin: #6b45b8; --nb-string: #0f6b3a; --nb-number: #0a58b8;
          --nb-comment: #5c6570; --nb-decorator: #8f4700;

        """

    private static let palette = """
        :root {
          color-scheme: light dark;
        \(lightColors)}
        .nb-light {
          color-scheme: light; color: var(--nb-ink);
        \(lightColors)}
        @media (prefers-color-scheme: dark) {
          :root {
            --nb-paper: #14171c; --nb-ink: #e4e8ee; --nb-quiet: #9ba6b4; --nb-line: #333a45;
            --nb-code: #1b2027; --nb-link: #7db7ff; --nb-warm: #2b1b1b; --nb-alarm: #ff9489; --nb-mark: #4d2524;
            --nb-keyword: #e79bdf; --nb-builtin: #bda4f5; --nb-string: #86d6a5; --nb-number: #7db7ff;
            --nb-comment: #97a2b0; --nb-decorator: #f0ac6b;
          }
        }

        """

    private static let terminalPalette = """
        :root {
          --nb-c0: #24292f; --nb-c1: #b3261e; --nb-c2: #13692f; --nb-c3: #7a5200;
          --nb-c4: #0a58b8; --nb-c5: #8e2f9c; --nb-c6: #0d656b; --nb-c7: #5c6570;
          --nb-c8: #57606a; --nb-c9: #c0322a; --nb-c10: #1a7037; --nb-c11: #805800;
          --nb-c12: #1a63c4; --nb-c13: #9a3aa8; --nb-c14: #116c73; --nb-c15: #5c6570;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --nb-c0: #98a2ae; --nb-c1: #ff8f85; --nb-c2: #7fd69a; --nb-c3: #e5c07b;
            --nb-c4: #7db7ff; --nb-c5: #e29af0; --nb-c6: #6fd3da; --nb-c7: #d5dbe3;
            --nb-c8: #9ba6b4; --nb-c9: #ffa69e; --nb-c10: #98e3b0; --nb-c11: #f0d294;
            --nb-c12: #9ccaff; --nb-c13: #edb4f7; --nb-c14: #93e3e8; --nb-c15: #ffffff;
          }
        }

        .nb-inverse { background: var(--nb-ink); color: var(--nb-paper) }

        """
        + (0..<16).map {
            ".nb-fg\($0) { color: var(--nb-c\($0)) }\n"
                + ".nb-bg\($0) { background: var(--nb-c\($0)); color: var(--nb-paper) }\n"
        }.joined()
        // If text and background are both set, they were chosen for a terminal, and exact terminal colors are shown.
        + zip(0..., terminalColors).map { index, color in
            "[class*=nb-bg].nb-fg\(index) { color: \(color) }\n[class*=nb-fg].nb-bg\(index) { background: \(color) }\n"
        }.joined()

    private static let terminalColors = [
        "#000000", "#c91b00", "#00a600", "#c7b400", "#1f4fd8", "#b8359f", "#00a6b2", "#d6d6d6",
        "#767676", "#ff6e67", "#5ff967", "#fefb67", "#6f9bff", "#ff77ff", "#60fdff", "#ffffff",
    ]

    private static let layout = """
        .nb-cell {
          position: relative; margin: 0 0 1rem; padding: 0; min-width: 0; color: var(--nb-ink);
          font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
          overflow-wrap: anywhere;
        }
        .nb-count {
          font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
          color: var(--nb-quiet); margin: 0 0 .2rem;
        }
        .nb-outputs { margin: .5rem 0 0; padding: 0 0 0 .75rem; border-left: 2px solid var(--nb-line) }
        .nb-code, .nb-text, .nb-math {
          font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
          white-space: pre; overflow: auto; max-width: 100%; box-sizing: border-box; tab-size: 4;
          overflow-wrap: normal; text-align: left; margin: 0; max-height: 40rem; contain: layout paint;
        }
        .nb-code { background: var(--nb-code); border: 1px solid var(--nb-line); border-radius: 6px; padding: .6rem .8rem }
        .nb-code code { font: inherit; display: inline-block; min-width: 100% }
        .nb-text { padding: .35rem .5rem }
        .nb-text + .nb-text, .nb-shown { margin-top: .35rem }
        .nb-stderr { background: var(--nb-warm); border-radius: 4px }
        .nb-error { background: var(--nb-warm); border-left: 3px solid var(--nb-alarm); border-radius: 4px }
        .nb-raw .nb-text { background: var(--nb-code); color: var(--nb-quiet); border-radius: 6px }
        .nb-shown, .nb-markdown { contain: layout paint; overflow: auto; max-width: 100% }
        .nb-shown { max-height: 60rem }
        .nb-image { max-width: 100%; height: auto; background: #ffffff; border-radius: 2px }
        .nb-note, .nb-omission {
          font: italic 13px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--nb-quiet);
        }
        .nb-note { margin: .35rem 0; white-space: normal }
        .nb-omission {
          display: block; margin: .3rem 0; padding: .15rem .5rem; border: dashed var(--nb-line); border-width: 1px 0;
        }
        .nb-absent { color: var(--nb-quiet); font-style: italic }
        @media print {
          /* A root of its own layout that clips: a box inside covers nothing outside, and still breaks across pages. */
          .nb-code, .nb-text, pre.nb-math, .nb-shown, .nb-markdown {
            max-height: none; contain: none; display: flow-root; overflow: clip;
          }
          .nb-code, .nb-text, .nb-math { white-space: pre-wrap; overflow-wrap: anywhere }
        }
        .nb-fold > summary { cursor: pointer; color: var(--nb-quiet); font-size: 13px; padding: .15rem 0 }
        .nb-json summary { cursor: pointer; color: var(--nb-quiet); font-size: 13px; padding: .2rem 0 }

        """

    private static let text = """
        .nb-markdown > :first-child, .nb-html > :first-child, .nb-light > :first-child { margin-top: 0 }
        .nb-markdown > :last-child, .nb-html > :last-child, .nb-light > :last-child,
        .nb-markdown blockquote > :last-child { margin-bottom: 0 }
        .nb-markdown a, .nb-html a { color: var(--nb-link) }
        .nb-markdown h3, .nb-html h3 { font-size: 1.5em; line-height: 1.25; margin: 1em 0 .5em }
        .nb-markdown h4, .nb-html h4 { font-size: 1.25em; line-height: 1.3; margin: 1em 0 .5em }
        .nb-markdown h5, .nb-html h5 { font-size: 1.08em; margin: 1em 0 .4em }
        .nb-markdown h6, .nb-html h6 { font-size: 1em; color: var(--nb-quiet); margin: 1em 0 .4em }
        .nb-markdown p, .nb-markdown ul, .nb-markdown ol, .nb-markdown dl { margin: 0 0 .7em }
        .nb-markdown ul, .nb-markdown ol { padding-left: 1.6em }
        .nb-markdown li > ul, .nb-markdown li > ol { margin-bottom: 0 }
        .nb-markdown li:has(> .nb-task) { list-style: none; margin-left: -1.4em }
        .nb-markdown blockquote {
          margin: 0 0 .7em; padding: .1em 0 .1em .9em; border-left: 3px solid var(--nb-line); color: var(--nb-quiet);
        }
        .nb-markdown hr, .nb-html hr { border: 0; border-top: 1px solid var(--nb-line); margin: 1.2em 0 }
        .nb-markdown :not(pre) > code, .nb-html :not(pre) > code {
          font: .87em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
          background: var(--nb-code); border-radius: 4px; padding: .12em .35em;
        }
        .nb-html pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
        .nb-markdown pre, .nb-html pre { overflow: auto; max-width: 100%; margin: 0 0 .7em }
        .nb-math { color: var(--nb-builtin) }
        .nb-display { display: block; max-width: 100%; overflow: auto hidden; padding: .2em 0 }
        .nb-overline { border-top: 1px solid; padding-top: .12em }
        .nb-underlined { border-bottom: 1px solid; padding-bottom: .12em }
        .nb-boxed { border: 1px solid; padding: .2em .35em }
        .nb-mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
        .nb-aligned > mtr > mtd:nth-child(odd) { text-align: right; padding-right: 0 }
        .nb-aligned > mtr > mtd:nth-child(even) { text-align: left; padding-left: 0 }
        mtable.nb-left mtd, mtd.nb-left { text-align: left }
        mtd.nb-right { text-align: right }
        mtable.nb-small mtd { padding: 0 }
        mtd.nb-ruled { border-left: 1px solid }
        mtd.nb-lined { border-top: 1px solid }
        mtd.nb-closed { border-bottom: 1px solid }
        pre.nb-math { padding: .35rem .5rem }
        .nb-markdown .nb-math { white-space: pre-wrap }
        .nb-markdown table, .nb-html table {
          border-collapse: collapse; margin: 0 0 .7em; font-size: 13px; line-height: 1.45; overflow-wrap: normal;
          font-variant-numeric: tabular-nums;
        }
        .nb-markdown th, .nb-markdown td, .nb-html th, .nb-html td {
          padding: .28em .7em; border: 0; border-bottom: 1px solid var(--nb-line); vertical-align: top;
        }
        .nb-html th, .nb-markdown th { font-weight: 600 }
        .nb-html .nbu-dataframe th, .nb-html .nbu-dataframe td { text-align: right; white-space: nowrap }
        .nb-html table.nbu-dataframe tbody tr:nth-child(even) { background: var(--nb-code) }
        .nb-light { background: var(--nb-paper); border-radius: 4px; padding: .3rem; box-sizing: border-box }
        .nb-html.nb-light { width: fit-content }

        """

    private static let code = """
        .nb-keyword { color: var(--nb-keyword) }
        .nb-builtin { color: var(--nb-builtin) }
        .nb-string { color: var(--nb-string) }
        .nb-number { color: var(--nb-number) }
        .nb-comment { color: var(--nb-comment); font-style: italic }
        .nb-decorator, .nb-magic, .nb-variable { color: var(--nb-decorator) }
        .nb-marked {
          display: block; color: inherit; background: var(--nb-mark); margin: 0 -.8rem; padding: 0 .8rem;
          box-shadow: inset 3px 0 var(--nb-alarm);
        }
        .nb-marked::before { content: "▸"; position: absolute; left: .15rem; color: var(--nb-alarm) }
        .nb-bold { font-weight: 700 }
        .nb-faint { opacity: .75 }
        .nb-italic { font-style: italic }
        .nb-underline { text-decoration: underline }
        .nb-struck { text-decoration: line-through }

        """
}
