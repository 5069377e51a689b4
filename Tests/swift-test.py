#!/usr/bin/env python3
"""Runs `swift test` quietly: shows failures as they happen, and counts.

    swift-test.py run FOLDER COMMAND...   runs the tests, and again by themselves one or two that fail
    swift-test.py summary FOLDER SECONDS  prints one line of counts for all runs so far

FOLDER holds `tests.log` (all output), `events.jsonl` (the events of the latest run) and `results.jsonl` (the result of
each test of all runs). COMMAND is `swift test` with its options.
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

MOST_RERUN = 2

# No test begins or ends for so long only if something waits forever.
LONGEST_SILENCE = 600


class Run:
    """One run of `swift test`, and the results of its tests by their identifiers."""

    def __init__(self, folder, command):
        self.names, self.suites = {}, set()
        self.begun, self.results = [], {}
        self.is_complete = False
        self.log, self.events = folder / "tests.log", folder / "events.jsonl"
        self.events.unlink(missing_ok=True)
        self.events.touch()
        self.start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command + ["--event-stream-output-path", self.events, "--event-stream-version", "0"],
                stdout=log, stderr=subprocess.STDOUT)
            ended = threading.Event()
            reader = threading.Thread(target=self.follow, args=(ended, process))
            reader.start()
            self.status = process.wait()
            ended.set()
            reader.join()

    def follow(self, ended, process):
        """Reads events until the process has ended; a line may be there in part until then."""
        with self.events.open(encoding="utf8", errors="replace") as file:
            part, latest, was_silent = "", time.monotonic(), False
            while True:
                is_last = ended.wait(0.2)
                lines = (part + file.read()).split("\n")
                part = lines.pop()
                if lines:
                    latest = time.monotonic()
                elif self.begun and not was_silent and time.monotonic() - latest > LONGEST_SILENCE:
                    was_silent = True
                    print(f"No test began or ended for {LONGEST_SILENCE} s. These processes exist:", flush=True)
                    subprocess.run(["ps", "-eo", "pid,ppid,stat,etimes,args", "--forest", "--cols", "160"])
                    for descendant in descendants(process.pid):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(descendant, signal.SIGKILL)
                for line in filter(None, lines):
                    self.take(json.loads(line))
                if is_last:
                    return

    def take(self, record):
        payload = record["payload"]
        if record["kind"] == "test":
            self.names[payload["id"]] = payload.get("displayName") or payload["name"].strip("`")
            if payload["kind"] == "suite":
                self.suites.add(payload["id"])
            return
        kind, test = payload["kind"], payload.get("testID")
        if kind == "runEnded":
            self.is_complete = True
        elif kind == "testStarted" and test not in self.suites:
            self.begun.append(test)
            self.results.setdefault(test, "")
        elif kind == "testSkipped" and test not in self.suites:
            self.results[test] = "skipped"
        elif kind == "testEnded" and not self.results.get(test, "suite"):
            self.results[test] = "passed"
        elif kind == "issueRecorded" and not payload.get("issue", {}).get("isKnown"):
            self.results[test] = "failed"
            self.show(test, payload)

    def show(self, test, payload):
        case = payload.get("_testCase", {}).get("displayName")
        print(f"✘ {self.title(test)}" + (f" ({case})" if case else ""))
        for message in payload["messages"]:
            print("    " + message["text"].replace("\n", "\n    "))
        sys.stdout.flush()

    def title(self, test):
        """The name of a test after that of its suite."""
        suite = max((suite for suite in self.suites if suite != test and f"{test}/".startswith(suite + "/")),
                    key=len, default=None)
        name = self.names.get(test, test or "outside of a test")
        return f"{self.names[suite]}: {name}" if suite else name

    @property
    def failed(self):
        return [test for test, result in self.results.items() if result == "failed"]

    def explain(self):
        """Shows why a run failed in which no test did."""
        unfinished = [self.title(test) for test in self.begun if not self.results[test]]
        if unfinished:
            print("The tests ended early. These were running:\n    " + "\n    ".join(unfinished))
        with self.log.open("rb") as log:
            log.seek(self.start)
            text = log.read().decode("utf8", "replace")
        races = re.findall(r"^=+\nWARNING: ThreadSanitizer:.*?^=+$", text, re.S | re.M)
        errors = [line for line in text.splitlines() if re.match(r"error:|.*Fatal error|.*ThreadSanitizer:", line)]
        print("\n".join(races or errors[-30:] or text.splitlines()[-30:]), flush=True)

    @property
    def may_be_run_again(self):
        return self.is_complete and 0 < len(self.failed) <= MOST_RERUN and not self.has_races

    @property
    def has_races(self):
        with self.log.open("rb") as log:
            log.seek(self.start)
            return b"ThreadSanitizer:" in log.read()

    def keep(self, folder):
        with (folder / "results.jsonl").open("a", encoding="utf8") as file:
            for test, result in self.results.items():
                title, suite = self.title(test), (test or "").split("/`")[0]
                file.write(json.dumps({"test": test, "title": title, "suite": suite, "result": result}) + "\n")


def descendants(process):
    """The processes that a process has started, and those that they have started, nearest first."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue  # It has ended.
    found = [process]
    for one in found:
        found += parents.get(one, [])
    return found[1:]


def exactly(test):
    """A filter for one test; `swift test` sees identifiers without the place in the source."""
    return "^" + re.sub(r"[^A-Za-z0-9 ]", ".", re.sub(r"/[^/]*:\d+:\d+$", "", test))


def run(folder, command):
    first = Run(folder, command)
    if not first.results:
        print("No test matches.", flush=True)
    if first.status != 0 and first.may_be_run_again:
        print("Running the failed tests again, by themselves", flush=True)
        plain = list(command)
        for option in ("--filter", "--skip"):
            while option in plain:
                del plain[plain.index(option):plain.index(option) + 2]
        again = Run(folder, plain + [part for test in first.failed for part in ("--filter", exactly(test))])
        if again.status == 0 and all(again.results.get(test) == "passed" for test in first.failed):
            first.results.update(dict.fromkeys(first.failed, "rerun"))
            first.status = 0
    if first.status != 0 and (not first.is_complete or not first.failed or first.has_races):
        first.explain()
    first.keep(folder)
    return first.status if first.results else 1


def summary(folder, seconds):
    worst = ["passed", "skipped", "rerun", "failed", ""]
    results, titles, suites = {}, {}, set()
    file = folder / "results.jsonl"
    for line in file.read_text("utf8").splitlines() if file.exists() else []:
        found = json.loads(line)
        test = found["test"]
        results[test] = max(results.get(test, "passed"), found["result"], key=worst.index)
        titles[test] = found["title"]
        suites.add(found["suite"])
    for test, result in results.items():
        if result == "rerun":
            print(f"Passed only when it ran again by itself: {titles[test]}")
    count = list(results.values()).count
    print(f"{len(results)} tests in {len(suites)} suites: {count('passed') + count('rerun')} passed, "
          f"{count('failed') + count('')} failed, {count('skipped')} skipped, {count('rerun')} rerun; {seconds} s")


if __name__ == "__main__":
    action, folder, *rest = sys.argv[1:]
    if action == "run":
        sys.exit(run(Path(folder), rest))
    summary(Path(folder), rest[0])
