/// The commands of TeX that stand for a sign or a name.
enum MathSymbols {
    /// Letters and other signs without space around them.
    static let ordinary = table(
        """
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ \
        varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ \
        phi ϕ varphi φ chi χ psi ψ omega ω digamma ϝ ell ℓ hbar ℏ hslash ℏ imath ı jmath ȷ wp ℘ partial ∂ \
        nabla ∇ infty ∞ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ Re ℜ Im ℑ \
        aleph ℵ beth ℶ angle ∠ measuredangle ∡ triangle △ square □ Box □ blacksquare ■ Diamond ◊ lozenge ◊ bigstar ★ \
        prime ′ degree ° backslash \\ ldots … dots … dotsc … dotso … cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱ \
        checkmark ✓ dagger † ddagger ‡ S § P ¶ pounds £ copyright © flat ♭ natural ♮ sharp ♯ clubsuit ♣ \
        diamondsuit ♢ heartsuit ♡ spadesuit ♠ complement ∁ eth ð vert | Vert ‖ | ‖ % % $ $ # # & & _ _ surd √ AA Å
        """)

    /// Capital Greek letters, which are upright.
    static let upright = table(
        """
        Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω varGamma Γ varDelta Δ
        """)

    /// Operators between two operands.
    static let binary = table(
        """
        pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ sqcap ⊓ sqcup ⊔ vee ∨ lor ∨ wedge ∧ \
        land ∧ setminus ∖ smallsetminus ∖ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ wr ≀ amalg ⨿ uplus ⊎ diamond ⋄ \
        ltimes ⋉ rtimes ⋊ boxplus ⊞ boxtimes ⊠ dotplus ∔ barwedge ⊼ veebar ⊻ triangleleft ◃ triangleright ▹ \
        bigcirc ◯ bigtriangleup △ bigtriangledown ▽ bmod mod
        """)

    /// Relations and arrows.
    static let relations = table(
        """
        leq ≤ le ≤ leqslant ⩽ geq ≥ ge ≥ geqslant ⩾ neq ≠ ne ≠ equiv ≡ sim ∼ simeq ≃ approx ≈ approxeq ≊ cong ≅ \
        propto ∝ varpropto ∝ ll ≪ gg ≫ lll ⋘ ggg ⋙ in ∈ notin ∉ ni ∋ owns ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ \
        subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ nsupseteq ⊉ sqsubset ⊏ sqsupset ⊐ sqsubseteq ⊑ sqsupseteq ⊒ prec ≺ succ ≻ \
        preceq ⪯ succeq ⪰ mid ∣ nmid ∤ parallel ∥ nparallel ∦ perp ⟂ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ \
        asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔ eqqcolon ≕ lesssim ≲ gtrsim ≳ lessgtr ≶ nless ≮ ngtr ≯ nleq ≰ ngeq ≱ \
        smile ⌣ frown ⌢ bowtie ⋈ Join ⋈ therefore ∴ because ∵ lt < gt > colon : \
        to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⟺ \
        implies ⟹ impliedby ⟸ longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ \
        Longleftrightarrow ⟺ mapsto ↦ longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩ uparrow ↑ downarrow ↓ updownarrow ↕ \
        Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightharpoonup ⇀ \
        rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌ leftrightarrows ⇆ rightleftarrows ⇄ \
        leadsto ⇝ rightsquigarrow ⇝ twoheadrightarrow ↠ rightarrowtail ↣ circlearrowleft ↺ circlearrowright ↻ \
        nrightarrow ↛ nleftarrow ↚ dashrightarrow ⇢ dashleftarrow ⇠
        """)

    /// Operators with limits below and above them.
    static let large = table(
        """
        sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ \
        bigsqcup ⨆
        """)

    static let integrals = table("int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯ intop ∫")

    static let opening = table(
        "{ { lbrace { lbrack [ langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖ lgroup ⟮ ulcorner ⌜ llcorner ⌞ llbracket ⟦")
    static let closing = table(
        "} } rbrace } rbrack ] rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖ rgroup ⟯ urcorner ⌝ lrcorner ⌟ rrbracket ⟧")

    /// Names that are set upright.
    static let functions = words(
        """
        arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh
        """)

    /// Names that are set upright, with limits below them.
    static let named = words("det gcd inf lim max min Pr sup").merging(
        table("liminf lim\u{A0}inf limsup lim\u{A0}sup injlim inj\u{A0}lim projlim proj\u{A0}lim")
    ) { $1 }

    /// White space, in em.
    static let spaces: [String: Double] = [
        ",": 0.167, "thinspace": 0.167, ":": 0.222, ">": 0.222, "medspace": 0.222, ";": 0.278, "thickspace": 0.278,
        " ": 0.25, "space": 0.25, "nobreakspace": 0.25, "enspace": 0.5, "quad": 1, "qquad": 2, "!": 0,
        "negthinspace": 0,
        "negmedspace": 0, "negthickspace": 0,
    ]

    /// Marks above a part.
    static let accents = table(
        """
        hat ^ check ˇ tilde ~ acute ´ grave ` dot ˙ ddot ¨ dddot ˙˙˙ breve ˘ bar ¯ vec → mathring ˚
        """)

    /// Marks that become as wide as the part that they stand above or below.
    static let stretchyAbove = table(
        "widehat ^ widetilde ~ widecheck ˇ overrightarrow → overleftarrow ← overleftrightarrow ↔ overbrace ⏞")
    static let stretchyBelow = table(
        "underrightarrow → underleftarrow ← underleftrightarrow ↔ underbrace ⏟ utilde ~")

    /// Arrows with a text above or below them.
    static let labelledArrows = table(
        """
        xrightarrow → xleftarrow ← xleftrightarrow ↔ xRightarrow ⇒ xLeftarrow ⇐ xLeftrightarrow ⇔ xmapsto ↦ \
        xhookrightarrow ↪ xhookleftarrow ↩ xlongequal =
        """)

    /// The signs that a solidus turns into their negation.
    static let negated: [String: String] = [
        "=": "≠", "<": "≮", ">": "≯", "≤": "≰", "≥": "≱", "∈": "∉", "∋": "∌", "⊂": "⊄", "⊃": "⊅", "⊆": "⊈", "⊇": "⊉",
        "≡": "≢", "∼": "≁", "≈": "≉", "≅": "≇", "∣": "∤", "∥": "∦", "∃": "∄", "→": "↛", "←": "↚", "⇒": "⇏", "⇐": "⇍",
        "⊢": "⊬", "⊨": "⊭", "≺": "⊀", "≻": "⊁",
    ]

    /// Commands that set their argument in an alphabet.
    static let variants: [String: MathVariant] = [
        "mathrm": .upright, "mathup": .upright, "mathnormal": .italic, "mathit": .italic, "mathbf": .bold,
        "boldsymbol": .boldItalic, "bm": .boldItalic, "pmb": .boldItalic, "mathbfit": .boldItalic, "mathcal": .script,
        "mathscr": .script, "mathfrak": .fraktur, "mathbb": .doubleStruck, "Bbb": .doubleStruck, "mathsf": .sansSerif,
        "mathtt": .monospace,
    ]

    /// Commands that set the rest of their group in an alphabet.
    static let declaredVariants: [String: MathVariant] = [
        "rm": .upright, "it": .italic, "mit": .italic, "bf": .bold, "cal": .script, "scr": .script, "frak": .fraktur,
        "sf": .sansSerif, "tt": .monospace, "Bbb": .doubleStruck,
    ]

    /// Commands with plain text as their argument.
    static let texts: [String: MathVariant?] = [
        "text": nil, "textrm": nil, "textnormal": nil, "textup": nil, "mbox": nil, "hbox": nil, "textbf": .bold,
        "textit": .italic, "emph": .italic, "textsl": .italic, "texttt": .monospace, "textsf": .sansSerif,
    ]

    static let styles: [String: MathStyle] = [
        "displaystyle": .display, "textstyle": .text, "scriptstyle": .script, "scriptscriptstyle": .smallScript,
    ]

    /// The sizes of delimiters in em.
    static let sizes: [String: Double] = ["big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3]

    private static func table(_ text: String) -> [String: String] {
        let words = text.split { $0 == " " || $0 == "\n" }.map(String.init)
        let pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
        return Dictionary(pairs) { $1 }
    }

    private static func words(_ text: String) -> [String: String] {
        Dictionary(text.split { $0 == " " || $0 == "\n" }.map { (String($0), String($0)) }) { $1 }
    }
}
