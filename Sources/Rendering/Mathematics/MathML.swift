extension HTML {
    /// Renders a part of a formula as MathML.
    static func mathML(_ node: MathNode) -> HTML {
        switch node {
        case .identifier(let text, let isUpright): return identifier(text, isUpright: isUpright)
        case .number(let text): return "<mn>\(text)</mn>"
        case .operator(let sign): return mathML(sign)
        case .text(let text, let variant): return mathText(text, variant)
        case .space(let width): return width > 0 ? "<mspace width=\"\(String(width))em\"></mspace>" : ""
        case .row(let nodes): return nodes.count == 1 ? mathML(nodes[0]) : "<mrow>\(mathML(rowOf: nodes))</mrow>"
        case .fraction(let above, let below, hasLine: true):
            return "<mfrac>\(oneElement(above))\(oneElement(below))</mfrac>"
        case .fraction(let above, let below, hasLine: false):
            return "<mfrac linethickness=\"0\">\(oneElement(above))\(oneElement(below))</mfrac>"
        case .root(let body, nil): return "<msqrt>\(mathML(body))</msqrt>"
        case .root(let body, let degree?): return "<mroot>\(oneElement(body))\(oneElement(degree))</mroot>"
        case .scripts(let base, let below, let above, let areLimits):
            return scripts(oneElement(base), below.map(oneElement), above.map(oneElement), areLimits: areLimits)
        case .accent(let base, let mark, let isBelow, let isStretchy):
            let sign: HTML = isStretchy ? "<mo>\(mark)</mo>" : "<mo stretchy=\"false\">\(mark)</mo>"
            return isBelow
                ? "<munder accentunder=\"true\">\(oneElement(base))\(sign)</munder>"
                : "<mover accent=\"true\">\(oneElement(base))\(sign)</mover>"
        case .table(let table): return mathML(table)
        case .style(let style, let body): return styled(style, mathML(body))
        case .decorated(let decoration, let body): return decorated(decoration, mathML(body))
        }
    }

    /// Renders a node as exactly one element, where MathML counts the elements.
    static func oneElement(_ node: MathNode) -> HTML {
        let html = mathML(node)
        return html.isEmpty ? "<mrow></mrow>" : html
    }

    private static func identifier(_ text: String, isUpright: Bool) -> HTML {
        // MathML sets names of several letters upright, and single letters in italics.
        isUpright && text.count == 1 ? "<mi mathvariant=\"normal\">\(text)</mi>" : "<mi>\(text)</mi>"
    }

    private static func mathText(_ text: String, _ variant: MathVariant?) -> HTML {
        switch variant {
        case .bold: "<mtext class=\"nb-bold\">\(text)</mtext>"
        case .italic: "<mtext class=\"nb-italic\">\(text)</mtext>"
        case .monospace: "<mtext class=\"nb-mono\">\(text)</mtext>"
        default: "<mtext>\(text)</mtext>"
        }
    }

    private static func scripts(_ base: HTML, _ below: HTML?, _ above: HTML?, areLimits: Bool) -> HTML {
        switch (below, above, areLimits) {
        case (let below?, let above?, true): "<munderover>\(base)\(below)\(above)</munderover>"
        case (let below?, nil, true): "<munder>\(base)\(below)</munder>"
        case (nil, let above?, true): "<mover>\(base)\(above)</mover>"
        case (let below?, let above?, false): "<msubsup>\(base)\(below)\(above)</msubsup>"
        case (let below?, nil, false): "<msub>\(base)\(below)</msub>"
        case (nil, let above?, false): "<msup>\(base)\(above)</msup>"
        case (nil, nil, _): base
        }
    }

    private static func styled(_ style: MathStyle, _ body: HTML) -> HTML {
        switch style {
        case .display: "<mstyle displaystyle=\"true\" scriptlevel=\"0\">\(body)</mstyle>"
        case .text: "<mstyle displaystyle=\"false\" scriptlevel=\"0\">\(body)</mstyle>"
        case .script: "<mstyle displaystyle=\"false\" scriptlevel=\"1\">\(body)</mstyle>"
        case .smallScript: "<mstyle displaystyle=\"false\" scriptlevel=\"2\">\(body)</mstyle>"
        }
    }

    private static func decorated(_ decoration: MathNode.Decoration, _ body: HTML) -> HTML {
        switch decoration {
        case .overline: "<mrow class=\"nb-overline\">\(body)</mrow>"
        case .underline: "<mrow class=\"nb-underlined\">\(body)</mrow>"
        case .box: "<mrow class=\"nb-boxed\">\(body)</mrow>"
        case .phantom: "<mphantom>\(body)</mphantom>"
        }
    }
}

// MARK: - Operators and rows

extension HTML {
    /// Arrows and bars that MathML would stretch to the height of their row.
    private static let upright: Set = ["↑", "↓", "↕", "⇑", "⇓", "⇕", "∣", "∥", "‖", "|", "/", "\\"]

    private static func mathML(_ sign: MathOperator, isPrefix: Bool = false) -> HTML {
        if sign.role == .function { return identifier(sign.text, isUpright: true) }
        var html: HTML = "<mo"
        switch sign.role {
        case .opening: html += " form=\"prefix\""
        case .closing, .postfix: html += " form=\"postfix\""
        case _ where isPrefix: html += " form=\"prefix\""
        case .named: html += " lspace=\"0\" rspace=\"0\""
        default: break
        }
        if sign.hasFixedLimits == true {
            html += " movablelimits=\"false\""
        } else if sign.role == .named {
            html += " movablelimits=\"true\""
        }
        if sign.isStretchy {
            html += " stretchy=\"true\""
        } else if sign.role == .opening || sign.role == .closing || upright.contains(sign.text) {
            html += " stretchy=\"false\""
        }
        if let size = sign.size { html += " minsize=\"\(String(size))em\" maxsize=\"\(String(size))em\"" }
        html += ">\(sign.text)</mo>"
        return html
    }

    /// Renders the parts of a row with the spacing of TeX.
    private static func mathML(rowOf nodes: [MathNode]) -> HTML {
        var html = HTML()
        var previous: MathNode?
        for (index, node) in nodes.enumerated() {
            let isName = node.isName
            if isName, previous?.isOperand == true { html += thinSpace }
            if case .operator(let sign) = node, sign.role == .binary, !sign.isStretchy,
                !(previous?.endsOperand ?? false)
            {
                html += mathML(sign, isPrefix: true)
            } else {
                html += mathML(node)
            }
            if isName, index + 1 < nodes.count, nodes[index + 1].isOperand || nodes[index + 1].isName {
                html += thinSpace
            }
            if case .space = node { continue }
            previous = isName ? nil : node
        }
        return html
    }

    private static let thinSpace: HTML = "<mspace width=\"0.167em\"></mspace>"
}

extension MathNode {
    /// Whether the node is a name such as "sin", with or without scripts.
    fileprivate var isName: Bool {
        if case .operator(let sign) = nucleus { sign.role == .function || sign.role == .named } else { false }
    }

    /// Whether TeX sets space between a name and this node.
    fileprivate var isOperand: Bool {
        switch nucleus {
        case .operator(let sign): sign.role == .large || sign.role == .integral
        case .row(let nodes): nodes.first?.isOperand ?? false
        case .space: false
        default: true
        }
    }

    /// Whether an operator after the node stands between two operands.
    fileprivate var endsOperand: Bool {
        switch nucleus {
        case .operator(let sign): sign.role == .closing || sign.role == .postfix
        case .space: false
        default: true
        }
    }
}

// MARK: - Tables

extension HTML {
    private static func mathML(_ table: MathTable) -> HTML {
        var rows = HTML()
        for (number, cells) in table.rows.enumerated() {
            var row = HTML()
            for (column, cell) in cells.enumerated() {
                row += "<mtd\(attributes(ofCell: column, in: number, of: table))>\(mathML(cell))</mtd>"
            }
            rows += "<mtr>\(row)</mtr>"
        }
        var attributes = HTML()
        switch table.columns {
        case .aligned: attributes += " class=\"nb-aligned\""
        case .left: attributes += " class=\"nb-left\""
        case .centered where table.isSmall: attributes += " class=\"nb-small\""
        default: break
        }
        if table.isDisplay { attributes += " displaystyle=\"true\"" }
        if table.isSmall { attributes += " scriptlevel=\"1\"" }
        return "<mtable\(attributes)>\(rows)</mtable>"
    }

    private static func attributes(ofCell column: Int, in row: Int, of table: MathTable) -> HTML {
        var classes = HTML()
        if case .specified(let columns) = table.columns, columns.indices.contains(column) {
            if columns[column].alignment == "l" { classes += " nb-left" }
            if columns[column].alignment == "r" { classes += " nb-right" }
            if columns[column].hasLine { classes += " nb-ruled" }
        }
        if table.lined.contains(row) { classes += " nb-lined" }
        if row == table.rows.count - 1, table.lined.contains(row + 1) { classes += " nb-closed" }
        return classes.isEmpty ? HTML() : " class=\"nb-entry\(classes)\""
    }
}
