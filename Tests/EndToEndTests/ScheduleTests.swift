import Foundation
import GalleyTestSupport
import Testing

/// The folder of the example.
private let examples = CloudAccount.folder

@Suite struct `The templates of schedules` {
    @Test(.slow, arguments: ["aws/schedule.yaml", "studio/studio.yaml"])
    func `cfn-lint has no findings`(template: String) async throws {
        let run = try await GalleyProgram.run(
            [Repository.root + "/Notebooks/" + template],
            program: (CloudAccount.python as NSString).deletingLastPathComponent + "/cfn-lint",
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(run.status == 0 && run.output == "" && run.errors == "")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/shellcheck")))
    func `shellcheck has no findings`() async throws {
        let scripts = [
            "on-start.sh", "on-start-nbconvert.sh", "aws/on-start.sh", "aws/on-start-git.sh", "cron/galley-incoming",
        ].map { Repository.root + "/Notebooks/" + $0 }
        let run = try await GalleyProgram.run(
            // Files that the scripts read, and commands that other shells expand.
            ["--shell=bash", "--exclude=SC1091,SC2016"] + scripts, program: "/usr/bin/shellcheck")
        #expect(run.status == 0 && run.output == "", "\(run.output)")
    }

    @Test func `The template holds the script and the function that are beside it`() async throws {
        let check = try await GalleyProgram.run(
            ["python3", Repository.fixture("aws/template.py"), "check", examples], program: "/usr/bin/env",
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(check.status == 0 && check.output == "", "run Tests/Fixtures/aws/template.py update Notebooks/aws")
    }
}

@Suite(.serialized, .root("the platform runs lifecycle scripts as root")) struct `A schedule on a cloud account` {
    let instance: NotebookInstance
    let account: CloudAccount
    /// The lifecycle script of the stack.
    let script: String
    /// The command of AWS, which the user of the instance may run.
    private let tools: TemporaryFolder
    private let command: FixtureServer
    /// The folder of the lifecycle script. The volume of the imitation is too small for the program.
    private let work: TemporaryFolder
    private let variables: [String: String]

    init() async throws {
        instance = try await NotebookInstance.make()
        account = try await CloudAccount.make(program: GalleyProgram.path)
        script = instance.path + "/script"
        // The platform takes scripts of at most this length.
        let length = try #require(try account.call("script", script) as? Int)
        #expect(length <= 16_384)
        let keys = try #require(try account.call("rights") as? [String])
        work = TemporaryFolder(owning: instance.home + "/work")
        tools = try instance.folder("tools", mode: 0o755)
        let packages = try #require(
            try await ServerProcess.output(
                of: [CloudAccount.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]))
        // The interpreter of the system, because the user cannot read the other one.
        command = try FixtureServer(
            "../aws/command.py", tools.path, environment: ["PATH": "/usr/bin:/bin", "PYTHONPATH": packages])
        variables = [
            "PATH": "\(tools.path):/sbin:/bin:/usr/sbin:/usr/bin", "NOTEBOOK_USER": instance.user,
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(account.port)", "AWS_ACCESS_KEY_ID": keys[0],
            "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true",
            "SELF": instance.path + "/galley-schedule", "WORK": work.path, "IDLE": "1",
            "PAUSE": "1",
        ]
    }

    private func upload(_ sources: [String]) throws {
        try instance.notebooks.write(sources, to: "a.ipynb", tags: [0: ["parameters"]], kernel: "conda_python3")
        try account.call("upload", "notebooks/report.ipynb", instance.notebooks("a.ipynb"))
    }

    /// Runs the lifecycle script as the platform does when it starts the instance.
    private func boot(_ more: [String: String] = [:]) async throws {
        // What the test has open would let it wait for the work in the background.
        let close = "for file in /proc/self/fd/*; do number=${file##*/}; ((number < 3)) || exec {number}>&-; done"
        let run = try await instance.run(
            ["-c", close + #"; exec bash "$0""#, script], program: "/bin/bash", variables.merging(more) { $1 })
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    }

    private func waitUntilStopped() async throws {
        #expect(try await eventually { try account.instance == "Stopped" }, "\(log)")
        #expect(try await eventually { instance.processes.isEmpty })
    }

    /// How often the scripts have called a command of AWS.
    private func count(_ call: String) throws -> Int {
        try tools.text("calls").split(separator: "\n").count { $0 == call }
    }

    private var log: String { (try? work.text("schedule.log")) ?? "" }

    private func result(_ name: String) throws -> RunNotebook { try RunNotebook(Data(account.text("get", name).utf8)) }

    @Test func `An object arrives, and its result is in the bucket when the instance has stopped`() async throws {
        try account.call("upload", "program/galley", GalleyProgram.path)
        try upload(["input = 'none'", "import getpass\nprint(getpass.getuser(), input)", "if 'bad' in input: 1 / 0"])
        #expect(try account.text("function") == "no message waits")
        // Other objects start nothing.
        try account.call("put", "results/other.csv", "1")
        #expect(try account.queues == [0, 0, 0])
        try account.call("put", "incoming/-a b+é'$(id).csv", "1")
        try account.call("put", "incoming/bad.csv", "1")
        try account.call("tick")
        #expect(try account.queues == [3, 0, 0])
        #expect(try account.text("function") == "started")
        #expect(try account.instance == "InService")
        try await boot()
        try await waitUntilStopped()

        // Every event has one result.
        #expect(try account.queues == [0, 0, 0])
        let results = try account.keys("results/").filter { $0.hasSuffix(".ipynb") }
        try #require(results.count == 3, "\(log)")
        let texts = try Set(results.map { try result($0).outputs.joined().joined() })
        let bucket = try #require(try account.call("outputs_of_stack") as? [String: String])["Bucket"] ?? ""
        #expect(
            texts == [
                "\(instance.user) s3://\(bucket)/incoming/-a b+é'$(id).csv\n",
                "\(instance.user) s3://\(bucket)/incoming/bad.csv\nZeroDivisionError", "\(instance.user) \n",
            ])
        let pattern = /results\/\d{4}-\d\d-\d\d\/report-(-a_b______id_.csv|bad.csv|schedule)-[0-9a-f]{8}\.ipynb/
        #expect(results.allSatisfy { $0.wholeMatch(of: pattern) != nil }, "\(results)")
        let ends = try account.ends
        #expect(
            ends.map { $0["status"] as? String }.sorted { ($0 ?? "") < ($1 ?? "") } == [
                "raised", "succeeded", "succeeded",
            ])
        #expect(ends.filter { $0["alarm"] as? Bool == true }.map { $0["object"] as? String } == ["incoming/bad.csv"])
        #expect(Set(ends.map { $0["result"] as? String }) == Set(results.map { "s3://\(bucket)/\($0)" }))
        #expect(log == "")
        // A stopped instance without messages stays as it is.
        #expect(try account.text("function") == "no message waits")
    }

    @Test func `An interrupted run is repeated, and events that arrive meanwhile are not lost`() async throws {
        try account.call("upload", "program/galley", GalleyProgram.path)
        try upload([
            "input = ''",
            "import os, time\nopen('begun', 'a').write('.')\nwhile not os.path.exists('go'): time.sleep(0.01)",
        ])
        try account.call("put", "incoming/1.csv", "1")
        #expect(try account.text("function") == "started")
        try await boot()
        #expect(try await eventually { work.exists("begun") }, "\(log)")
        // The instance ends at once, with everything that runs there.
        for process in instance.processes { kill(pid_t(process), SIGKILL) }
        #expect(try await eventually { instance.processes.isEmpty })
        try account.call("instance", "Stopping")
        try account.call("put", "incoming/2.csv", "1")
        #expect(try account.queues == [1, 1, 0])
        // A function cannot start an instance that is still stopping; a later call does.
        #expect(try account.text("function") == "Stopping")
        try account.call("instance", "Stopped")
        #expect(try account.text("function") == "started")
        try work.write("", to: "go")
        try await boot()
        try await waitUntilStopped()
        #expect(try account.queues == [0, 0, 0])
        #expect(try account.keys("results/").count == 2)
        #expect(try work.text("begun") == "...")
    }

    @Test func `A failed attempt leaves time to stop, and the fifth moves the message to the second queue`()
        async throws
    {
        let program = "#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\ntouch ran\nexit 1\n"
        try account.call("put", "program/galley", program)
        try account.call("put", "incoming/1.csv", "1")
        #expect(try account.text("function") == "started")
        // No attempt is lost while the instance starts.
        try account.call("instance", "Pending")
        try await boot()
        #expect(try await eventually { try count("describe-notebook-instance") > 1 }, "\(log)")
        #expect(try count("receive-message") == 0)
        try account.call("instance", "InService")
        try await waitUntilStopped()
        #expect(try account.queues == [0, 1, 0])
        #expect(try account.text("function") == "no message waits")
        #expect(!work.exists("ran") && !work.exists("galley"))
        var problems = try account.ends.compactMap { $0["message"] as? String }
        #expect(problems.count == 1 && problems[0].contains("another SHA-256 checksum"), "\(problems)")

        // Later, the program has the right checksum, but is that of another system.
        try account.call("return_messages")
        #expect(try account.text("function") == "started")
        let old = try #require(try await ServerProcess.output(of: ["sha256sum", GalleyProgram.path])).prefix(64)
        try tools.write(program, to: "program")
        let new = try #require(try await ServerProcess.output(of: ["sha256sum", tools("program")])).prefix(64)
        let text = try String(contentsOfFile: script, encoding: .utf8)
        try text.replacing(old, with: new).write(toFile: script, atomically: false, encoding: .utf8)
        try await boot(["RETRY": "0"])
        try await waitUntilStopped()
        #expect(try account.queues == [0, 0, 1])
        problems = try account.ends.compactMap { $0["message"] as? String }
        #expect(problems.count { $0.contains("on this system: GLIBC_2.99 not found") } == 4, "\(problems)")
    }

    @Test func `An alarm that cannot be sent is kept, and the instance stops in spite of faults`() async throws {
        try account.call("upload", "program/galley", GalleyProgram.path)
        try upload(["input = ''", "1 / 0"])
        try account.call("put", "incoming/1.csv", "1")
        #expect(try account.text("function") == "started")
        try tools.write("describe-notebook-instance put-log-events stop-notebook-instance", to: "faults")
        try await boot(["ATTEMPTS": "1", "PAUSE": "0"])
        #expect(try await eventually { try count("stop-notebook-instance") > 1 }, "\(log)")
        try tools.write("describe-notebook-instance put-log-events", to: "faults")
        try await waitUntilStopped()
        #expect(try account.queues == [0, 0, 0])
        #expect(try account.ends.isEmpty)

        // The next start sends it.
        try tools.write("", to: "faults")
        try account.call("instance", "InService")
        try await boot()
        try await waitUntilStopped()
        let alarms = try account.ends.filter { $0["alarm"] as? Bool == true }
        #expect(alarms.compactMap { $0["status"] as? String } == ["raised"], "\(alarms)")
        #expect(alarms.count { ($0["message"] as? String)?.contains("cannot be stopped") == true } == 1, "\(alarms)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: work("unsent")).isEmpty)
    }
}

@Suite(.serialized) struct `A cloud account with a schedule` {
    @Test func `A failed instance is an error of the function, and the rules keep what they cannot deliver`()
        async throws
    {
        let account = try await CloudAccount.make(program: "/bin/true")
        try account.call("put", "incoming/1.csv", "1")
        try account.call("instance", "Failed")
        #expect(try account.text("function").hasPrefix("RuntimeError: The instance galley has failed"))
        #expect(try account.queues == [1, 0, 0])
        let outputs = try #require(try account.call("outputs_of_stack") as? [String: String])
        let target = ["QueueArn", "FailedQueueArn"].map { outputs[$0] ?? "none" }
        #expect(try account.call("dead_letters") as? [[String]] == [target, target])
    }
}

@Suite(.root("the platform runs lifecycle scripts as root")) struct `A schedule with git` {
    let instance: NotebookInstance

    init() async throws { instance = try await NotebookInstance.make() }

    @Test func `The executed notebook is pushed to a branch, and the instance is stopped`() async throws {
        try instance.write(["6 * 7"])
        _ = try await instance.asUser(
            """
            git init -q --bare ../origin.git && git init -q -b main reports && mv report.ipynb reports && cd reports &&
            git config user.email ann@example.org && git config user.name Ann &&
            git add . && git commit -qm first && git remote add origin ../../origin.git && git push -q origin main &&
            echo draft >draft.txt
            """)
        for count in 1...2 {
            let run = try await instance.run(
                [], program: examples + "/on-start-git.sh",
                [
                    "REPOSITORY": instance.notebooks("reports"), "GALLEY": GalleyProgram.path, "PAUSE": "1",
                    "NOTEBOOK_USER": instance.user, "WORK": instance.notebooks("work"),
                    "SELF": instance.path + "/galley-git", "STOP": "echo stopped",
                ])
            #expect(run.status == 0 && run.errors == "")
            let log = { (try? instance.notebooks.text("work/git.log")) ?? "" }
            #expect(try await eventually { log() == String(repeating: "stopped\n", count: count) }, "\(log())")
        }
        let results = try await instance.asUser(
            "cd ../origin.git && git log --format=%an:%s --first-parent galley-results && "
                + "git diff --name-only main galley-results && git show galley-results:report.ipynb")
        #expect(
            results.hasPrefix(
                "Ann:Run report.ipynb: succeeded\nAnn:Run report.ipynb: succeeded\nAnn:first\nreport.ipynb\n"))
        #expect(results.contains("\"42\""))
        // The user's own files are as they were.
        #expect(try await instance.asUser("cd reports && git status --short") == "?? draft.txt\n")
        #expect(!instance.notebooks.exists("work/tree"))
    }
}
