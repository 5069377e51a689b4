extension HTMLReport {
    /// The style sheet of the page around the notebooks. The style sheet of the cells defines the common colors.
    static let styles = """
        :root { --good: #1a7037; --bad: #b3261e; --open: #57606a; --interrupted: #8a5a00 }
        @media (prefers-color-scheme: dark) { :root { --good: #7fd69a; --bad: #ff8f85; --open: #9ba6b4; --interrupted: #e3b341 } }
        body {
          margin: 0 auto; padding: 1.2rem clamp(.8rem, 3vw, 2rem) 4rem; max-width: 72rem; background: var(--nb-paper);
          color: var(--nb-ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
          overflow-wrap: anywhere;
        }
        header { border-bottom: 1px solid var(--nb-line); margin-bottom: 1.2rem }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 }
        h2 { font-size: 1.1rem; margin: 1.6rem 0 .6rem }
        h3 { font-size: 1rem; margin: 0; display: inline }
        header p, .note, .time { color: var(--nb-quiet) }
        header p { margin: .3rem 0 .9rem }
        .note, .time { font-size: 13px }
        .time { margin: -.7rem 0 1rem; text-align: right }
        a { color: var(--nb-link) }
        h1.good, .state.good { color: var(--good) }
        h1.bad, .state.bad, .reason { color: var(--bad) }
        h1.open, .state.open { color: var(--open) }
        h1.interrupted, .state.interrupted { color: var(--interrupted) }
        .reason { font-weight: 600; margin: .3rem 0 .7rem; white-space: pre-wrap }
        .results { display: grid; grid-template-columns: fit-content(40%) 1fr; gap: .2rem 1rem; margin: 0 0 .9rem }
        .results dd { margin: 0 }
        .state { font-weight: 600; white-space: nowrap }
        .filter { border: 0; margin: 0 0 .6rem; padding: 0; display: flex; gap: 1rem; align-items: baseline }
        .filter legend { float: left; padding: 0 .8rem 0 0; color: var(--nb-quiet) }
        .filter label { cursor: pointer }
        body:has(#show-failed:checked) :is(tr, .notebook-frame):is(.good, .open, .interrupted),
        body:has(#show-failed:checked) .others {
          display: none;
        }
        .links ul { margin: 0 0 .9rem; padding: 0; list-style: none; max-height: 30vh; overflow: auto }
        .links li { padding: .1rem 0 }
        .notebooks { width: 100%; border-collapse: collapse }
        .notebooks th { text-align: left; font-weight: 600; color: var(--nb-quiet); font-size: 13px }
        .notebooks th, .notebooks td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--nb-line); vertical-align: top }
        .notebooks .number, .notebooks th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
        .notebooks .axis { width: 35%; padding-right: 0; vertical-align: middle }
        th.axis span:last-child { float: right }
        .bar { display: block; height: .7rem; min-width: 3px; border-radius: 2px; background: var(--open) }
        .bar.good { background: var(--good) }
        .bar.bad { background: var(--bad) }
        .bar.interrupted { background: var(--interrupted) }
        .notebook-frame { border: 1px solid var(--nb-line); border-radius: 6px; margin: 0 0 .6rem; padding: 0 .9rem }
        .notebook-frame.bad { border-left: 4px solid var(--bad) }
        .notebook-frame.interrupted { border-left: 4px solid var(--interrupted) }
        .notebook-frame > summary { cursor: pointer; padding: .55rem 0 }
        .notebook > .nb-fold > summary { padding: .1rem 0 .4rem }
        .notebook { padding: .4rem 0 .6rem; content-visibility: auto; contain-intrinsic-size: auto 40rem }
        .nb-cell:target { outline: 2px solid var(--nb-link); outline-offset: 5px; border-radius: 4px }
        .nb-cell.failing > .nb-fold { margin: .2rem 0 }
        .legend { margin: .5rem 0 0; font-size: 13px }
        .legend :is(del, ins), figcaption :is(del, ins) { text-decoration: none }
        .legend del, figcaption del { color: var(--bad) }
        .legend ins, figcaption ins { color: var(--good) }
        .pictures { display: grid; grid-template-columns: 1fr 1fr; gap: .8rem; margin: 0 0 .6rem }
        .pictures figure { margin: 0; min-width: 0 }
        .pictures figcaption { font-size: 13px; margin: 0 0 .2rem }
        .difference { background: var(--nb-code); border-radius: 6px; margin-bottom: 1rem }
        .difference del, .difference ins { text-decoration: none; display: inline-block; min-width: 100% }
        .difference del { color: var(--bad) }
        .difference ins { color: var(--good) }
        @media (max-width: 40rem) {
          .notebooks thead { display: none }
          .notebooks tr { display: grid; grid-template-columns: 1fr auto auto; column-gap: .8rem; padding: .4rem 0;
            border-bottom: 1px solid var(--nb-line) }
          .notebooks td { border: 0; padding: 0 }
          .notebooks td:first-child, .notebooks td.axis { grid-column: 1 / -1; width: auto }
          .notebooks td.axis { padding-top: .25rem }
          .nb-outputs { padding-left: .4rem }
        }
        @media print {
          .filter { display: none }
          details > .notebook { content-visibility: visible }
          .links ul { max-height: none }
        }

        """
}
