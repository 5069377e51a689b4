import Foundation
import GalleyTestSupport
import Testing

private let examples = Repository.root + "/Notebooks/cron/"

/// Whether a manager of systemd can run here.
private let canRunSystemd: Bool = {
    guard canMount, let folder = try? TemporaryFolder() else { return false }
    return runCommand(Repository.fixture("systemd.sh"), folder.path, "true")
}()

@Suite(.serialized) struct `A schedule on a machine` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let names = [
        "galley-report.service", "galley-report.timer", "galley-incoming.service", "galley-incoming.path",
    ]

    /// Returns a file of the example with the folder and the programs of the test.
    private func adapted(_ name: String) throws -> String {
        try String(contentsOfFile: examples + name, encoding: .utf8)
            .replacing("/usr/local/bin/galley-incoming", with: examples + "galley-incoming")
            .replacing("/usr/local/bin/galley", with: GalleyProgram.path)
            .replacing("/srv/notebooks", with: folder.path)
    }

    /// Writes the units into a folder for systemd, with changes of their texts.
    private func writeUnits(changing changes: KeyValuePairs<String, String> = [:]) throws {
        try FileManager.default.createDirectory(atPath: folder("units"), withIntermediateDirectories: false)
        for name in Self.names {
            let text = try changes.reduce(adapted(name)) { $0.replacing($1.key, with: $1.value) }
            try folder.write(text, to: "units/" + name)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/systemd-analyze")))
    func `systemd finds no fault in the units`() async throws {
        try writeUnits(changing: ["User=ann": "User=root"])
        let run = try await GalleyProgram.run(
            ["verify", "--man=no"] + Self.names.map { folder("units/" + $0) }, program: "/usr/bin/systemd-analyze",
            in: folder)
        #expect(run.status == 0 && run.errors == "" && run.output == "")
    }

    /// Runs a script beside a manager of systemd that knows the units.
    private func systemd(_ script: String) async throws -> GalleyProgram.Run {
        try writeUnits(changing: ["User=ann\n": "", "*-*-* 06:00:00": "*-*-* *:*:*", "=1min": "=100ms"])
        let variables = GalleyProgram.environment
        let wait = #"until_true() { for _ in $(seq 600); do eval "$1" && return; sleep 0.1; done; echo "never: $1"; }"#
        let environment =
            "systemctl --user set-environment JUPYTER_PATH=\(variables["JUPYTER_PATH"] ?? "") GALLEY=\(GalleyProgram.path)"
        return try await GalleyProgram.run(
            [folder("units"), [wait, environment, script].joined(separator: "\n")],
            program: Repository.fixture("systemd.sh"), environment: variables, in: folder)
    }

    @Test(.enabled(if: canRunSystemd))
    func `systemd runs the notebook for each file that arrives, and keeps the file of a stopped run`() async throws {
        try folder.write(
            [
                "input = ''",
                "import os, time\nprint(os.path.basename(input))\nif 'bad' in input: 1 / 0",
                "while 'slow' in input:\n    open('slow', 'w').close()\n    time.sleep(0.01)",
            ], to: "report.ipynb", tags: [0: ["parameters"]])
        let run = try await systemd(
            """
            mkdir incoming
            systemctl --user start galley-incoming.path
            echo 1 >.a; mv .a 'incoming/a b.csv'
            until_true '[ -e "done/a b.csv" ]'
            echo 1 >.a; mv .a incoming/bad.csv
            until_true '[ -e failed/bad.csv ]'
            echo 1 >.a; mv .a incoming/slow.csv
            until_true '[ -e slow ]'
            systemctl --user stop galley-incoming.path galley-incoming.service
            systemctl --user is-failed galley-incoming.service
            """)
        // A unit that failed would stay in the state "failed".
        #expect(run.output == "inactive\n" && run.errors == "", "\(run.output)\(run.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("results")).filter {
            $0.hasSuffix(".ipynb")
        }
        #expect(names.count == 3)
        let outputs = try Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name.split(separator: "-").last.map(String.init), try folder.notebook("results/" + name).outputs)
            })
        #expect(outputs["a b.csv.ipynb"]?.contains(["a b.csv\n"]) == true, "\(outputs)")
        #expect(outputs["bad.csv.ipynb"]?.contains(["bad.csv\n", "ZeroDivisionError"]) == true)
        #expect(outputs["slow.csv.ipynb"]?.last == ["KeyboardInterrupt", "RunStopped"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("incoming")) == ["slow.csv"])
    }

    @Test(.enabled(if: canRunSystemd))
    func `systemd handles many files in a short time, and repeats a fault that leaves a file in the folder`()
        async throws
    {
        // Imitations of the program, which need less time than the manager's limit allows for.
        try folder.file("fails", "#!/bin/sh\n[ \"$1\" = --version ]\n", mode: 0o755)
        try folder.file("succeeds", "#!/bin/sh\n", mode: 0o755)
        let run = try await systemd(
            """
            mkdir incoming
            systemctl --user set-environment GALLEY=$PWD/fails
            systemctl --user start galley-incoming.path
            for number in 1 2 3 4 5 6 7 8 9 10; do
                echo 1 >.a; mv .a "incoming/$number"
                until_true '[ -e "failed/$number" ]'
            done
            until_true '[ "$(systemctl --user is-failed galley-incoming.service)" = failed ]'
            systemctl --user set-environment GALLEY=/nonexistent
            echo 1 >.a; mv .a "incoming/-kept"
            until_true '[ "$(systemctl --user show -P NRestarts galley-incoming.service)" -gt 2 ]'
            ls incoming
            systemctl --user set-environment GALLEY=$PWD/succeeds
            until_true '[ -e done/-kept ]'
            systemctl --user is-active galley-incoming.path
            """)
        #expect(run.output == "-kept\nactive\n" && run.errors == "", "\(run.output)\(run.errors)")
    }

    @Test(.enabled(if: canRunSystemd))
    func `systemd starts the notebook at its time, once, and a stop saves its outputs`() async throws {
        try folder.write(
            ["open('starts', 'a').write('.')\nprint('be' + 'fore')", waiting(for: "go")], to: "report.ipynb")
        let run = try await systemd(
            """
            systemctl --user start galley-report.timer
            until_true 'grep -q before report.ipynb'
            until_true '[ "$(systemctl --user show -P ActiveState galley-report.service)" = active ]'
            systemctl --user start galley-report.service
            systemctl --user stop galley-report.timer galley-report.service
            systemctl --user is-failed galley-report.service
            """)
        // A unit that failed would stay in the state "failed".
        #expect(run.output == "inactive\n" && run.errors == "", "\(run.output)\(run.errors)")
        #expect(try folder.text("starts") == ".")
        let outputs = try folder.notebook("report.ipynb").outputs
        #expect(outputs == [["before\n"], ["KeyboardInterrupt", "RunStopped"]])
    }

    @Test(.realKernel) func `The lines of the crontab run with the variables of cron`() async throws {
        var lines: [Substring] = []
        var variables = ["HOME": folder.path, "SHELL": "/bin/sh", "LOGNAME": "root"]
        for line in try adapted("crontab").split(separator: "\n") where !line.hasPrefix("#") {
            if let assignment = line.wholeMatch(of: /([A-Z]+)=(.*)/) {
                variables[String(assignment.1)] = String(assignment.2)
            } else {
                lines.append(line)
            }
        }
        try #require(lines.count == 2)
        let folders = [examples, (GalleyProgram.path as NSString).deletingLastPathComponent]
        variables["PATH"] = (folders + [variables["PATH"] ?? ""]).joined(separator: ":")
        #expect(variables["PATH"]?.hasSuffix(":/usr/local/bin:/usr/bin:/bin") == true)
        // The kernels of the tests, and the program, are where no user's crontab finds them.
        variables["JUPYTER_PATH"] = GalleyProgram.environment["JUPYTER_PATH"]
        variables["GALLEY"] = GalleyProgram.path
        try folder.write(["input = ''", "print(input[-5:])"], to: "report.ipynb", tags: [0: ["parameters"]])
        try FileManager.default.createDirectory(atPath: folder("incoming"), withIntermediateDirectories: false)
        try folder.write("1", to: "incoming/b.csv")
        for line in lines {
            // Five fields, then a command, in which % would be a new line.
            let fields = try #require(line.wholeMatch(of: /((?:[0-9*\/,-]+\ +){5})([^%]+)/))
            let run = try await GalleyProgram.run(
                ["-c", String(fields.2)], program: "/bin/sh", environment: variables, in: folder)
            #expect(run.status == 0 && run.output == "" && run.errors == "", "\(line)")
        }
        #expect(try folder.notebook("report.ipynb").outputs == [[], ["\n"]])
        #expect(folder.exists("done/b.csv") && folder.exists("report.log"))
    }
}
