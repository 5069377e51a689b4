#!/usr/bin/env python3
"""Opens a page in Chromium, and prints its properties as JSON.

    browser.py PAGE SCREENSHOT [--dark] [--print] [--width 400] [--pdf]

    title       the title of the page, which hostile scripts of the tests change
    owned       whether a script of a notebook has run
    requests    the requests besides that for the page itself
    violations  the violations of the content security policy of the page
    first       the visible height of the first cell that failed, in CSS pixels
    marked      whether its marked line is on top once it is in sight, so that a click hits it
    widest      how many pixels the page is wider than the window
    covered     the headings and results that something else covers
    brightness  the brightness of the page, from 0 to 1
    contrast    the least contrast between the text of a failed cell and its background
    printed     the words of the page as a PDF file, with --pdf
    hidden      those of them that pure red covers
"""
import base64
import json
import os
import shutil
import re
import subprocess
import sys
import tempfile

PROBE = """
(() => {
  const failing = document.querySelector('.failures .nb-cell.failing');
  const box = failing && failing.getBoundingClientRect();
  const inSight = box ? Math.max(0, Math.min(box.bottom, innerHeight) - Math.max(box.top, 0)) : 0;
  const mark = failing && failing.querySelector('.nb-marked');
  // A line below the window cannot be hit. How far down it is depends on the times in the text above it.
  if (mark) mark.scrollIntoView({block: 'center'});
  const line = mark && mark.getBoundingClientRect();
  const hit = line && document.elementFromPoint(line.left + 30, line.top + line.height / 2);
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number)
      .map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = element => {
    while (element) {
      const colour = getComputedStyle(element).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
      element = element.parentElement;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrasts = failing ? [failing, ...failing.querySelectorAll('*')].filter(e => e.textContent.trim()).map(e => {
    const [one, other] = [light(getComputedStyle(e).color), light(behind(e))];
    return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
  }) : [];
  const covered = [...document.querySelectorAll('h1, h2, h3, .state')].filter(e => {
    if (!e.getClientRects().length || e.closest('.nb-cell')) return false;
    e.scrollIntoView({block: 'center'});
    const box = e.getClientRects()[0];
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return !hit || !(e.contains(hit) || hit.contains(e));
  }).map(e => e.textContent);
  scrollTo(0, 0);
  return JSON.stringify({
    covered,
    title: document.title, owned: Boolean(window.owned || document.documentElement.dataset.owned), first: inSight,
    marked: Boolean(mark && hit && mark.contains(hit)), widest: document.documentElement.scrollWidth - innerWidth,
    contrast: contrasts.length ? Math.min(...contrasts) : null, brightness: light(behind(document.body)),
  });
})()
"""


class Browser:
    """Chromium, controlled over a pair of pipes."""

    def __init__(self, folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise SystemExit("there is no Chromium on this machine")
        (command_in, self.commands), (self.answers, answer_out) = os.pipe(), os.pipe()

        def pipes():
            # The browser reads from descriptor 3 and writes to 4.
            first, second = os.dup(command_in), os.dup(answer_out)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "--no-first-run", "--disable-background-networking", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(command_in)
        os.close(answer_out)
        self.rest, self.number, self.session, self.events = b"", 0, None, []

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.answers, 1 << 16)
            if not more:
                raise SystemExit("the browser has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def show(self, page):
        """Opens a page, and waits until it is loaded; a late event may concern the empty page before it."""
        loader = self.call("Page.navigate", url="file://" + os.path.abspath(page))["loaderId"]
        while not any(event.get("method") == "Page.lifecycleEvent" and event["params"]["name"] == "load"
                      and event["params"]["loaderId"] == loader for event in self.events):
            self.events.append(self.receive())

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (SystemExit, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def print_page(browser, folder):
    """Prints the page to a PDF file, and returns its words and those of them that pure red covers."""
    path = os.path.join(folder, "page.pdf")
    with open(path, "wb") as file:
        file.write(base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"]))
    # At 72 dots per inch, a pixel is as large as the unit of the positions.
    subprocess.run(["pdftoppm", "-r", "72", path, os.path.join(folder, "sheet")], check=True)
    pictures = sorted(name for name in os.listdir(folder) if name.startswith("sheet"))
    text = subprocess.run(["pdftotext", "-bbox", path, "-"], check=True, stdout=subprocess.PIPE, text=True).stdout
    printed, hidden = [], []
    for picture, sheet in zip(pictures, text.split("<page ")[1:], strict=True):
        with open(os.path.join(folder, picture), "rb") as file:
            _, size, _, pixels = file.read().split(b"\n", 3)
        columns = int(size.split()[0])
        for *box, word in re.findall(r'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>', sheet):
            left, top, right, bottom = (round(float(edge)) for edge in box)
            colours = [pixels[3 * at:3 * at + 3] for row in range(top, bottom)
                       for at in range(row * columns + left, row * columns + right)]
            printed.append(word)
            if colours.count(b"\xff\0\0") * 2 > len(colours):
                hidden.append(word)
    return {"printed": printed, "hidden": hidden}


def main():
    arguments = sys.argv[1:]
    page, screenshot = arguments[:2]
    width = int(arguments[arguments.index("--width") + 1]) if "--width" in arguments else 1200
    folder = tempfile.mkdtemp(prefix="galley-browser-")
    browser = Browser(folder)
    try:
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Network", "Log", "Runtime"]:
            browser.call(f"{domain}.enable")
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                     mobile=width < 600)
        scheme = "dark" if "--dark" in arguments else "light"
        medium = "print" if "--print" in arguments else "screen"
        browser.call("Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.call("Page.setLifecycleEventsEnabled", enabled=True)
        browser.show(page)
        seen = json.loads(browser.call("Runtime.evaluate", expression=PROBE)["result"]["value"])
        image = browser.call("Page.captureScreenshot", format="png")["data"]
        with open(screenshot, "wb") as file:
            file.write(base64.b64decode(image))
        requests = [event["params"]["request"]["url"] for event in browser.events
                    if event.get("method") == "Network.requestWillBeSent"]
        seen["requests"] = [url for url in requests if not url.startswith(("file:", "data:"))]
        seen["violations"] = [event["params"]["entry"]["text"] for event in browser.events
                              if event.get("method") == "Log.entryAdded"]
        if "--pdf" in arguments:
            seen |= print_page(browser, folder)
        print(json.dumps(seen))
    finally:
        browser.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
