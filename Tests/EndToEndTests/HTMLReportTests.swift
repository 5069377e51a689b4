import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The HTML report` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The contents of a page in a browser.
    struct RenderedPage: Decodable {
        let title: String
        let owned: Bool
        let requests: [String]
        let violations: [String]
        let first: Double
        let marked: Bool
        let widest: Double
        let covered: [String]
        let contrast: Double
        let brightness: Double
        let printed: [String]?
        let hidden: [String]?
    }

    private func look(_ options: [String] = []) async throws -> RenderedPage {
        let run = try await GalleyProgram.run(
            [Repository.root + "/Tests/Fixtures/browser.py", "page.html", "page.png"] + options,
            program: Repository.python,
            environment: ["PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": folder.path], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let png = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/page.png"))
        #expect(png.count > 10_000)
        return try JSONDecoder().decode(RenderedPage.self, from: Data(run.output.utf8))
    }

    /// Markup that leaves a trace if a script runs or the page loads something.
    private static let attacks = """
        from IPython.display import display, HTML, Markdown, SVG, Javascript
        own = "document.title='OWNED';document.documentElement.dataset.owned=1"
        for text in [f"<script>{own}</script><b>x</b>", f'<img src=x onerror="{own}">', f'<svg onload="{own}"><script>{own}</script></svg>',
                     f'<iframe srcdoc="<script>parent.{own}</script>"></iframe>', f'<a href="javascript:{own}">x</a>',
                     f'</div></section></article></details><script>{own}</script>', f'<details open ontoggle="{own}"><p>x</p></details>',
                     '<img src="http://127.0.0.1:9/a.png">', '<link rel=stylesheet href="http://127.0.0.1:9/a.css">',
                     '<style>@import "http://127.0.0.1:9/b.css"; body{display:none} .x{background:url(http://127.0.0.1:9/c)}</style><p class=x>x</p>',
                     '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">', '<base href="http://127.0.0.1:9/">',
                     '<div style="position:fixed;inset:0;background:white;z-index:99999">covered</div>',
                     '<form action="http://127.0.0.1:9/"><input autofocus onfocus="' + own + '"></form>']:
            display(HTML(text)); display(Markdown(text)); print(text)
        display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\\"{own}\\"><script>{own}</script></svg>"))
        display(Javascript(own))
        display({"application/vnd.custom+json": {}, "text/html": f"<script>{own}</script>"}, raw=True)
        """

    @Test func `The HTML report shows failures first, on every screen, and runs no code of notebooks`() async throws {
        try folder.write(
            [
                Self.attacks,
                """
                \(String(repeating: "# a line\n", count: 150))for number in range(3000): print(number)
                1 / 0
                \(String(repeating: "# a line\n", count: 50))
                """,
            ], to: "a<b>&\"c.ipynb")
        try folder.write(["print('fine')"], to: "good.ipynb")
        try folder.write("{", to: "broken.ipynb")
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--html", "page.html", "-j", "2", "."], in: folder)
        #expect(run.status == 1, "\(run.errors)")
        let page = try folder.text("page.html")
        #expect(page.contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'"))
        for options in [[], ["--dark"], ["--width", "390"]] {
            let sight = try await look(options)
            #expect(sight.title == "2 of 3 notebooks failed")
            #expect(!sight.owned)
            // The content security policy of the page would block more; no request gets that far.
            #expect(sight.requests == [] && sight.violations == [])
            #expect(sight.first > 150, "the cell that failed is in sight")
            #expect(sight.marked, "nothing covers the line that raised the error")
            #expect(sight.widest <= 0)
            #expect(sight.covered == [])
            #expect(sight.contrast >= 4.5)
            #expect(options == ["--dark"] ? sight.brightness < 0.1 : sight.brightness > 0.9)
        }
    }

    @Test func `An output in the HTML report covers nothing around it, on a screen or on paper`() async throws {
        let size = "width:5000px;height:5000px;background:red"
        let attacks = [
            "margin-left:-900px;margin-top:-900px;\(size)", "margin:calc(0px - 900px);\(size)", "float:left;\(size)",
        ]
        let cells = attacks.map { style in
            let html = "<style>p{\(style)}</style><div style='\(style)'><p>x</p></div>"
            return "from IPython.display import *; display(HTML(\"\(html)\"), Markdown(\"\(html)\"))"
        }
        try folder.write(cells, to: "a.ipynb")
        try folder.write(["1/0"], to: "b.ipynb")
        try folder.write(cells + ["1/0"], to: "c.ipynb")
        let run = try await GalleyProgram.run(["execute", "--inplace", "--html", "page.html", "."], in: folder)
        #expect(run.status == 1, "\(run.errors)")
        // Every part is open, as a reader can open it.
        let page = try folder.text("page.html")
        try folder.write(page.replacing("<details class", with: "<details open class"), to: "page.html")
        for options in [[], ["--width", "390"], ["--print"]] {
            let sight = try await look(options)
            #expect(sight.covered == [], "\(options)")
        }
        let sheets = try await look(["--print", "--pdf"])
        let printed = try #require(sheets.printed)
        #expect(printed.starts(with: ["2", "of", "3", "notebooks", "failed"]))
        for word in ["Failures", "ok", "error", "Notebooks", "a.ipynb", "b.ipynb", "c.ipynb"] {
            #expect(printed.contains(word))
        }
        // The text of the outputs stands on their own red.
        #expect(sheets.hidden?.filter { $0 != "x" } == [])
    }

    @Test func `The HTML report has each notebook, and its bar on a common time axis`() async throws {
        try folder.write(["import time; time.sleep(0.5)"], to: "a.ipynb")
        try folder.write(["print('\\x1b[31mred\\x1b[0m <&>')"], to: "b.ipynb")
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--html", "r/page.html", "-j", "1", "a.ipynb", "b.ipynb"], in: folder)
        #expect(run.status == 0)
        let page = try folder.text("r/page.html")
        let bars = page.matches(
            of: /class="bar good" style="margin-left:min\(([0-9.]+)%,calc\(100% - 3px\)\);width:([0-9.]+)%"/
        ).compactMap {
            (Double($0.output.1) ?? -1, Double($0.output.2) ?? -1)
        }
        try #require(bars.count == 2)
        // The second notebook began after the first one.
        #expect(bars[0].0 < 50 && bars[1].0 >= bars[0].0 + bars[0].1 - 0.5)
        #expect(bars[1].0 + bars[1].1 <= 100.5)
        #expect(page.contains("red") && page.contains("&lt;&amp;&gt;") && !page.contains("\u{1B}"))
        #expect(page.contains("<title>2 notebooks succeeded</title>"))
        // A report on private notebooks is private.
        chmod(folder.path + "/a.ipynb", 0o600)
        _ = try await GalleyProgram.run(["execute", "--inplace", "--html", "r/page.html", "a.ipynb"], in: folder)
        let mode =
            try FileManager.default.attributesOfItem(atPath: folder.path + "/r/page.html")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `The HTML report cuts outputs that are larger than a page can hold`() async throws {
        try folder.write(["print(('y' * 199 + '\\n') * 100_000, end='')"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "--html", "page.html", "a.ipynb"], in: folder)
        #expect(run.status == 0)
        let page = try folder.text("page.html")
        #expect(page.utf8.count < 2_000_000)
        #expect(page.contains("left out here"))
    }
}
