import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { noteForm } from "../canary/answers.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The system's Chromium; the test command has seen to it that there is one. */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env["TEST_CHROMIUM"] ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  // What is typed into a form of ours is a secret as what a program sends is.
  browser.on("context", (context) => {
    context.on("request", (request) => noteForm(request.postData() ?? ""));
  });
  return browser;
}

export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  return context.newPage();
}
