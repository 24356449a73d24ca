import { describe, expect, it } from "vitest";
import { describeDevice } from "../../src/http/device.ts";

const APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("the device in words", () => {
  it.each([
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/156.0.0.0 Safari/537.36`, "Chrome on Windows"],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`, "Edge on Windows"],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/156.0.0.0 Safari/537.36 OPR/120.0.0.0`, "Opera on Windows"],
    [`Mozilla/5.0 (X11; Linux x86_64) ${BLINK} HeadlessChrome/156.0.0.0 Safari/537.36`, "Chrome on Linux"],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/156.0.0.0 Safari/537.36`, "Chrome on ChromeOS"],
    [`Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Chrome/156.0.0.0 Mobile Safari/537.36`, "Chrome on Android"],
    [
      `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${BLINK} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
      "Samsung Internet on Android",
    ],
    [`Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) ${APPLE} Version/19.0 Mobile/15E148 Safari/604.1`, "Safari on iPhone"],
    [`Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) ${APPLE} CriOS/156.0.0.0 Mobile/15E148 Safari/604.1`, "Chrome on iPad"],
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/19.0 Safari/605.1.15`, "Safari on macOS"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"],
    ["Mozilla/5.0 (X11; Linux x86_64)", "Unknown browser on Linux"],
    ["Firefox/150.0", "Firefox"],
    ["curl/8.5.0", "curl"],
    ["python-requests/2.32", "Python"],
    ["node", "Node.js"],
    ["something/1.0", "Unknown device"],
    ["", "Unknown device"],
    [null, "Unknown device"],
  ])("%s is %s", (userAgent, label) => {
    expect(describeDevice(userAgent, "192.0.2.1")).toEqual({ label, userAgent: userAgent ?? "", ip: "192.0.2.1" });
  });

  it("keeps 512 characters and no control character", () => {
    const { userAgent } = describeDevice(`a\r\n\u0000\u001b[31m\u0085b${"x".repeat(1_000)}`, "");
    expect(userAgent).toHaveLength(512);
    expect(userAgent.startsWith("a[31mbxxx")).toBe(true);
  });
});
