import GalleyJSON
import GalleyNotebook
import GalleyRendering
import GalleyTestSupport
import Testing

@Suite struct `The HTML sanitizer` {
    @Test(
        arguments: [
            ("<b>bold</b> & <i>more", "<b>bold</b> &amp; <i>more</i>"),
            ("a < b > c", "a &lt; b &gt; c"), ("<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"),
            ("<dt>a<dd>b", "<dl><dt>a</dt><dd>b</dd></dl>"),
            ("<h1>One</h1><h2>Two</h2>", "<h3>One</h3><h4>Two</h4>"),
            ("<p>one<p>two", "<p>one</p><p>two</p>"),
            ("<p>one<div>two</div>", "<p>one</p><div>two</div>"),
            ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
            ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
            (
                "<table><td>1<td>2<tr><th>3</table>x",
                "<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>x"
            ),
            ("<b><div>x</b>y</div>z", "<b><div>xy</div>z</b>"),
            (
                "<a href='https://x.org/?a=1&amp;b=2'>x</a>",
                "<a href=\"https://x.org/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">x</a>"
            ),
            (
                "<a href='#x'>x</a><p id='x'>",
                "<a href=\"#o--x\" rel=\"noopener noreferrer nofollow\">x</a><p id=\"o--x\"></p>"
            ),
            ("<td colspan=2 onclick=x>a</td>", "a"),
            ("<table><tr><td colspan=2 onclick=x>a", "<table><tr><td colspan=\"2\">a</td></tr></table>"),
            (
                "<table class='dataframe nb-error'><tr><td>a</table>",
                "<table class=\"nbu-dataframe nbu-nb-error\"><tr><td>a</td></tr></table>"
            ),
            ("<span style='font-weight: bold; position: fixed'>a</span>", "<span style=\"font-weight:bold\">a</span>"),
            ("&eacute;&#8364;&#x1F600;&unknown;&lt;b&gt;", "é€😀&amp;unknown;&lt;b&gt;"),
            ("<img src=x alt=words>y", "<span class=\"nb-absent\">words [image: x]</span>y"),
            (
                "<IMG SRC='data:image/png;base64,iV BO\nRw==' ALT=a>",
                "<img class=\"nb-image\" src=\"data:image/png;base64,iVBORw==\" alt=\"a\">"
            ),
            ("<font color=red>x</font><center>y</center>", "<span style=\"color:red\">x</span><div>y</div>"),
        ] as [(HostileText, HostileText)])
    func `The HTML sanitizer rebuilds markup from known elements`(html: HostileText, expected: HostileText) {
        #expect(HTML.cleaned(html.text) == expected.text)
    }

    static let hostile: [HostileText] = [
        "<img src=x onerror=alert(1)>", "<svg><script>alert(1)</script></svg>x", "<svg onload=alert(1)>",
        "<svg/onload=alert(1)><p>a", "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<math><style><img src=x onerror=alert(1)></style></math>", "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" &#14; javascript:alert(1)\">x</a>", "<a href=\"java&#10;script:alert(1)\">x</a>",
        "<a href=\"jav\tascript:alert(1)\">x</a>", "<a href=\"&#x6A;avascript&colon;alert(1)\">x</a>",
        "<a href=\"JaVaScRiPt:alert(1)\">x</a>", "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
        "<a href=\"vbscript:x\">x</a>", "<a href=\"//evil.example\">x</a>",
        "<a href=\"\u{1}javascript:alert(1)\">x</a>",
        "<a href=\"http\0s://x\">x</a>", "<a href=`javascript:alert(1)`>x</a>",
        "<a href='https://x\" onclick=\"y'>x</a>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "</div></div></section><h1>out</h1>",
        "</td></tr></table></main></body></html>x", "<div><table><td></div></table></div></div>y",
        "<p title=\"unclosed", "<p title='a' class=\"b", "<p title=\"a\"\"b\"><img src=\"x\"onerror=\"y\">",
        "<\0script>x</script>",
        "<scr\0ipt>x</scr\0ipt>", "<script/src=x></script >y", "<script>if (a</script/x>b", "<script", "<script>",
        "<!--><img src=x onerror=y>-->", "<!--->x-->", "<!-- a --!><b>x", "<!-- <b> -- > </b>", "<![CDATA[<b>]]>x",
        "<!DOCTYPE html [<!ENTITY x 'y'>]>z", "<?php <b> ?>x", "</ b>x", "<%= <b> %>", "<base href=//evil.example>x",
        "<meta http-equiv=refresh content='0;url=//evil.example'>x", "<link rel=stylesheet href=//evil.example>x",
        "<form action=//evil.example><input name=a value=b><button>go</button></form>",
        "<object data=x.swf>fallback</object>",
        "<embed src=x>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>x", "<img srcset='//evil.example 2x'>",
        "<picture><source srcset=//evil.example><img src=//evil.example></picture>", "<video poster=//evil.example>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>", "<img src='data:text/html;base64,PHNjcmlwdD4='>",
        "<img src='data:image/png;base64,\"onerror=alert(1)'>", "<img src=//evil.example/x.png width=1e9 height=-5>",
        "<div style=\"background:url(//evil.example)\">x</div>", "<div style=\"background-image:url('x')\">x</div>",
        "<div style=\"width:expression(alert(1))\">x</div>", "<div style=\"color:\\75rl(x)\">x</div>",
        "<div style=\"position:fixed;z-index:99999;top:0\">x</div>", "<div style='color:red/*'>x</div>",
        "<div style=\"behavior:x;-moz-binding:x;color:red;}</style><script>\">x</div>",
        "<p style='color:red;color:&#125;'>x",
        "<style>*{color:red}</style>x", "<style>@import url(//evil.example);p{color:red}</style><p>x",
        "<style>p{background:url(x)}</style>x", "<style>p{color:red</style>x", "<style>}p{color:red}</style>x",
        "<style>p{color:red}</style/><img src=x onerror=y>", "<style>p::before{content:'x'}</style>x",
        "<style>a[href^=x]{color:red}</style>x", "<style>@media all{p{color:red}}b{color:blue}</style>x",
        "<style>+ p, ~ div, > b{color:red}</style>x", "<style>p{color:re\\d}</style>x",
        "<style><!-- p{color:red} --></style>x",
        "<style>p{color:red;}</sty/**/le>x</style>y", "<style>p{color:red}/*</style>x*/b{color:red}",
        "<style>body, :root, html{color:red}</style>x",
        "<style>#x, .y z, td:nth-child(2n+1):hover > i{color:red}</style>x", "<style>p{--x:1;color:var(--x)}</style>x",
        "<textarea><img src=x onerror=y></textarea>x", "<title><b>x</title>y", "<xmp><b></xmp>x", "<plaintext><b>x",
        "<noembed><img onerror=y></noembed>x", "<template><b>x</template>y", "<select><option><b>x</select>y",
        "<table><table><td>x</table></table></table>", "<table><b>x<tr>y<td>z", "<table><caption><td>x<caption>y",
        "<table><col><colgroup><col>x<td>y", "<a>1<a>2<div><a>3</div>", "<h1><h2>x</h1></h2>",
        "<dl><dt>a<dd>b<dt>c</dl>",
        "<p><table><p>x</table></p>", "<b><i></b></i>", "<body onload=x><html><head>y", "<ISINDEX action=x>",
        "<x-y onclick=z>a</x-y>",
        "<b id='a b' class='<>\" c'>x", "<b title='&quot;&gt;&lt;script&gt;'>x", "<b \"='><img src=x onerror=y>'>x",
        "<b/x/='y'>x",
        "<td id=x>", "<button form=x formaction=javascript:y>z", "<details open ontoggle=x><summary>y</details>",
        "<p lang='\"><script>'>x", "<marquee onstart=x>y</marquee>", "<keygen autofocus onfocus=x>",
        "<img alt='\n<b>\0'>",
    ]

    @Test(arguments: hostile)
    func `The HTML sanitizer removes everything that is not known to be harmless`(html: HostileText) throws {
        for shown in [
            HTML.cleaned(html.text), HTML.markdown(html.text), HTML.markdown("a \(html.text) b"),
            HTML.markdown("> - \(html.text)"),
        ] {
            _ = try StrictReader(shown)
        }
    }

    @Test func `The HTML sanitizer yields harmless markup for any combination of hostile parts`() throws {
        var generator = Generator(state: 20_240_607)
        let fragments =
            Self.hostile.map(\.text) + [
                "<", ">", "\"", "'", "=", "</", "<!--", "-->", "&", "&#", ";", "\0", "\n", "\n\n", "`", "```\n", "$",
                "$$", "[", "](", ")",
                "![", "*", "_", "> ", "- ", "1. ", "| a | b |\n|---|---|\n", "<table>", "<td>", "</table>", "<style>",
                "</style>", "{", "}", "\\",
                "    ", "<p>", "</p>", "<div>", "</div>", "<a href=", "<img src=", "é", "\u{202E}", "<svg>", "</svg>",
            ]
        for _ in 0..<500 {
            var html = ""
            for _ in 0..<generator.next(below: 12) + 1 {
                let fragment = fragments[generator.next(below: fragments.count)]
                let isWhole = generator.next(below: 3) > 0
                html += isWhole ? fragment[...] : fragment.prefix(generator.next(below: fragment.count + 1))
            }
            #expect(throws: Never.self, "\(html.debugDescription)") {
                _ = try StrictReader(HTML.cleaned(html))
                _ = try StrictReader(HTML.markdown(html))
            }
        }
    }

    @Test func `The HTML sanitizer keeps margins, but none that would draw an output over others`() {
        #expect(HTML.cleaned("<p style='margin:1px;color:red'>x") == "<p style=\"margin:1px;color:red\">x</p>")
        for margin in ["margin:-9px", "margin-left:-900px", "MARGIN-TOP: calc(0px - 9px)", "margin:0 -1em"] {
            #expect(HTML.cleaned("<p style='\(margin);width:9px'>x") == "<p style=\"width:9px\">x</p>")
        }
    }

    @Test func `The HTML sanitizer keeps the colors of a styled table, within the table`() throws {
        let html = """
            <style type="text/css">
            #T_a th.col_heading { background: #333; color: white }
            #T_a_row0_col0, #T_a_row1_col0 { background-color: #fde725; color: #000000; }
            </style><table id="T_a"><tr><td id="T_a_row0_col0" class="data row0">1</td></tr></table>
            """
        #expect(
            HTML.cleaned(html)
                == """
                <style>#o #o--T_a th.nbu-col_heading{background:#333;color:white}
                #o #o--T_a_row0_col0,#o #o--T_a_row1_col0{background-color:#fde725;color:#000000}
                </style>\("\n")<table id="o--T_a"><tr><td class="nbu-data nbu-row0" id="o--T_a_row0_col0">1</td></tr></table>
                """.replacing("</style>\n", with: "</style>"))
    }

    @Test func `The HTML sanitizer limits the depth of elements to that of browsers`() throws {
        for tag in ["<div>", "<b>", "<table><td>", "<ul><li>", "<a>", "<blockquote>", "<p>"] {
            let reader = try StrictReader(HTML.cleaned(String(repeating: tag, count: 2000) + "x"))
            #expect(reader.depth <= 100)
        }
        for depth in 80..<100 {
            for item in ["<li>", "<dd>", "<tr>", "<td>", "<table><td>", "<p><div>", "<ul><li>"] {
                _ = try StrictReader(HTML.cleaned(String(repeating: "<span>", count: depth) + item + "x"))
            }
        }
    }

    @Test(
        arguments: [
            "<", "</", "<a ", "<a b='", "<!--", "<!-", "&", "&#", "<style>", "<svg>", "<b x=", "</b>", "<td>",
            "<a href='#",
            "<script>",
        ] as [HostileText])
    func `The HTML sanitizer yields no more than it gets, for any repetition`(fragment: HostileText) throws {
        let html = String(repeating: fragment.text, count: 20_000 / fragment.text.utf8.count)
        #expect(HTML.cleaned(html).utf8.count < 10 * html.utf8.count + 1000)
    }
}

/// A generator with the same numbers each time.
struct Generator {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
