# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Drives headless Chromium by ChromeDriver's HTTP (W3C WebDriver), with Python's own library alone."""

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, 11: what an element's reference is called
START = 120  # seconds for the driver to say its port, and for each answer: only a driver that hangs takes so long


def lacks():
    """Why no browser can be driven here; empty: one can."""
    missing = [p for p in ("chromium", "chromedriver") if not shutil.which(p)]
    return f"no {' and no '.join(missing)} here: apt-get install --no-install-recommends chromium chromium-driver" if missing else ""


class Browser:
    """One tab. profile: an empty folder."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = next(x for x in self.driver.stdout if "started successfully on port" in x)
            self.at = "http://127.0.0.1:" + line.split("port ")[1].strip().rstrip(".") + "/session"
            options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
            wants = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            self.at += "/" + self.call("POST", "", {"capabilities": {"alwaysMatch": wants}})["sessionId"]
        except BaseException:
            self.driver.kill()
            raise

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=START) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError(json.load(e)["value"]["message"]) from None

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=START)

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, url, width, height, scheme):
        """Loads the page at that size and in that colour scheme."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What a function body returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        """As a person does: it fails where something lies above the element, or it is not to be seen."""
        self.call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, key):
        """One key where the focus is."""
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def count(self, selector):
        """How many of them a person can see."""
        return self.run("return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).length", selector)

    def until(self, what, wanted):
        """The page acts on clicks and keys when it comes to it, on a busy host later than the driver answers."""
        end = time.monotonic() + START
        while (found := what()) != wanted:
            assert time.monotonic() < end, f"{found}, and not {wanted}"
            time.sleep(0.05)

    def complaints(self):
        """What stands in the console: errors of scripts, and what the policy refused."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def picture(self, path, whole=True):
        size = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
        clip = {"clip": {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 5000), "scale": 1}} if whole else {}
        data = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)["data"]
        path.write_bytes(base64.b64decode(data))
