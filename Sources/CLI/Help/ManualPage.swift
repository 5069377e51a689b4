import GalleyFlags
import Galley

/// A manual page, in roff with the macros of man(7).
struct ManualPage {
    let text: String

    /// Describes a command, or the program if it is nil.
    init(of command: CommandDescription?) {
        let name = command.map { "galley-\($0.name)" } ?? "galley"
        var lines = [
            ".TH \"\(Self.escaped(name.uppercased()))\" 1 \"\" \"galley \(Galley.version)\" \"Galley\"", ".SH NAME",
        ]
        let summary = command?.summary ?? "Run Jupyter notebooks"
        lines.append(Self.escaped(name) + " \\- " + Self.escaped(summary.prefix(1).lowercased() + summary.dropFirst()))
        lines += command.map(Self.describe) ?? Self.program()
        text = lines.joined(separator: "\n")
    }

    private static func describe(_ command: CommandDescription) -> [String] {
        var lines = [".SH SYNOPSIS"]
        for (index, usage) in command.usage.enumerated() {
            if index > 0 { lines.append(".br") }
            lines.append(bold("galley \(command.name)") + " " + escaped(usage))
        }
        lines += [".SH DESCRIPTION"] + roff(HelpMarkdown(command.introduction)) + [".SH OPTIONS"]
        let categories = FlagCategory.all(of: command.flags)
        for category in categories {
            if categories.count > 1 { lines.append(".SS \"\(escaped(category.title))\"") }
            lines += command.flags.filter { $0.category == category }.flatMap(item)
        }
        lines.append(".SH \"EXIT STATUS\"")
        lines += command.exitStatus.map { [inline($0)] } ?? statuses()
        if !command.examples.isEmpty {
            lines.append(".SH EXAMPLES")
            for (example, purpose) in command.examples { lines += [".TP", bold(example), inline(purpose)] }
        }
        let topics = command.topics.map { "'galley help \($0)'" }.joined(separator: ", ")
        return lines + [
            ".SH \"SEE ALSO\"", bold("galley") + "(1)" + (topics.isEmpty ? "" : "; " + escaped(topics)),
        ]
    }

    private static func program() -> [String] {
        var lines = [".SH SYNOPSIS", bold("galley") + " \\fICOMMAND\\fR [options] ...", ".SH DESCRIPTION"]
        lines.append("Galley runs Jupyter notebooks without a browser and saves their outputs.")
        lines.append(".SH COMMANDS")
        for command in CommandList.all {
            lines += [".TP", bold("galley-\(command.name)") + "(1)", escaped(command.summary) + "."]
        }
        lines += [".SH OPTIONS"] + CommandList.options.flatMap(item)
        lines += [".SH \"EXIT STATUS\""] + statuses() + [".SH \"SEE ALSO\""]
        return lines + [HelpTopic.all.map { escaped("'galley help \($0.name)'") }.joined(separator: ",\n")]
    }

    private static func item(_ flag: FlagDescription) -> [String] {
        let names = flag.names.map(bold).joined(separator: ", ")
        let example = flag.example.map { ". Example: " + bold($0) } ?? ""
        return [
            ".TP", names + value(of: flag), inline(flag.summary) + example + ".",
        ]
    }

    private static func value(of flag: FlagDescription) -> String {
        guard let value = flag.value.map({ "\\fI\(escaped($0))\\fR" }) else { return "" }
        return flag.isValueOptional ? "[=\(value)]" : " \(value)"
    }

    private static func statuses() -> [String] {
        ExitStatus.meanings.flatMap { [".TP", bold($0), inline($1)] }
    }

    private static func roff(_ text: HelpMarkdown) -> [String] {
        text.blocks.flatMap { block -> [String] in
            switch block {
            case .heading(let text): [".SS \"\(escaped(HelpMarkdown.plain(text)))\""]
            case .paragraph(let text): [".PP", inline(text)]
            case .item(let text, "-"): [".IP \\(bu 2", inline(text)]
            case .item(let text, let mark): [".IP \(escaped(mark)) 4", inline(text)]
            case .code(let lines): [".PP", ".RS 4", ".nf"] + lines.map(escaped) + [".fi", ".RE"]
            case .table(let rows):
                rows.dropFirst().flatMap { [".TP", inline($0.first ?? "")] + $0.dropFirst().map(inline) }
            }
        }
    }

    /// A line of Markdown, with its code in bold.
    private static func inline(_ line: String) -> String {
        HelpSpan.all(of: line).map { span in
            switch span {
            case .text(let text): escaped(text)
            case .code(let code): bold(code)
            case .link(_, let target): escaped(HelpMarkdown.plain("<doc:\(target)>"))
            }
        }.joined()
    }

    private static func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fR" }

    /// Text that roff prints as it is.
    private static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "\"": result += "\\(dq"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "`": result += "\\(ga"
            case "." where result.isEmpty: result += "\\&."
            default: result.append(character)
            }
        }
        return result
    }
}
