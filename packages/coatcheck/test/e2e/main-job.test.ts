import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, newPage } from "../support/browser.ts";
import { startServer, withServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

const run = promisify(execFile);
const PASSWORD = "correct horse battery";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** What these tests read of an answer. */
interface Body {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly sessions: readonly unknown[];
  readonly user: { readonly email: string };
}

/** curl, as somebody at a terminal would use it: the answer's status and its body. */
async function curl(server: RunningServer, path: string, ...args: readonly string[]): Promise<{ status: number; json: Body }> {
  const { stdout } = await run("curl", ["-s", "-w", "\n%{http_code}", ...args, server.url + path], { cwd: server.folder });
  const cut = stdout.lastIndexOf("\n");
  const body = stdout.slice(0, cut);
  return { status: Number(stdout.slice(cut + 1)), json: JSON.parse(body === "" ? "{}" : body) as Body };
}

const post = (body: unknown): string[] => ["-H", "content-type: application/json", "-d", JSON.stringify(body)];
const bearer = (token: string): string[] => ["-H", `authorization: Bearer ${token}`];

async function signUpInBrowser(page: Page, url: string, email: string): Promise<void> {
  await page.goto(url);
  await page
    .getByRole("link", { name: /create|sign up/i })
    .first()
    .click();
  await page.getByLabel(/e-?mail/i).fill(email);
  await page
    .getByLabel(/password/i)
    .first()
    .fill(PASSWORD);
  await page.getByRole("button", { name: /create|sign up/i }).click();
  await page.waitForURL(/\/account$/);
}

describe("the main job", { timeout: 60_000 }, () => {
  it("in a browser, without script: sign up, sign in, see yourself and your devices, sign out; then the old cookie is dead", () =>
    withServer(async ({ url }) => {
      const page = await newPage(browser, { javaScriptEnabled: false });
      await signUpInBrowser(page, url, "ada@example.com");
      expect(await page.content()).toContain("ada@example.com");
      await page
        .getByRole("button", { name: /sign out/i })
        .first()
        .click();
      await page.waitForURL(/\/sign-in/);

      await page.getByLabel(/e-?mail/i).fill("ada@example.com");
      await page.getByLabel(/password/i).fill(PASSWORD);
      await page.getByRole("button", { name: /sign in/i }).click();
      await page.waitForURL(/\/account$/);
      for (let visit = 0; visit < 3; visit++) await page.goto(`${url}/account`);
      await expect(
        page
          .getByText(/this (device|one)/i)
          .first()
          .isVisible(),
      ).resolves.toBe(true);

      const [cookie] = await page.context().cookies();
      expect(cookie).toMatchObject({ name: "coatcheck", httpOnly: true, sameSite: "Lax", path: "/" });
      const header = `coatcheck=${cookie?.value}`;
      expect((await fetch(`${url}/auth/me`, { headers: { cookie: header } })).status).toBe(200);
      await page
        .getByRole("button", { name: /sign out/i })
        .first()
        .click();
      await page.waitForURL(/\/sign-in/);
      expect((await page.context().cookies()).filter((it) => it.name === "coatcheck")).toEqual([]);
      expect((await fetch(`${url}/auth/me`, { headers: { cookie: header } })).status).toBe(401);
      await page.context().close();
    }));

  it("with curl alone: sign in with a token, see yourself, refresh, reuse the old refresh token after the grace and see the session end", () =>
    withServer(
      async (server) => {
        await curl(server, "/auth/sign-up", ...post({ email: "ada@example.com", password: PASSWORD }));
        const signedIn = await curl(server, "/auth/sign-in", ...post({ email: "ada@example.com", password: PASSWORD, carrier: "token" }));
        expect(signedIn).toMatchObject({ status: 200, json: { token_type: "Bearer", expires_in: 300, session: { carrier: "token" } } });
        expect(signedIn.json.access_token.length).toBeLessThan(560);
        expect(await curl(server, "/auth/me", ...bearer(signedIn.json.access_token))).toMatchObject({
          status: 200,
          json: { user: { email: "ada@example.com" } },
        });

        const refresh = (token: string) => curl(server, "/oauth/token", "-d", "grant_type=refresh_token", "-d", `refresh_token=${token}`);
        const refreshed = await refresh(signedIn.json.refresh_token);
        expect(refreshed).toMatchObject({ status: 200, json: { token_type: "Bearer" } });
        expect(refreshed.json.refresh_token).not.toBe(signedIn.json.refresh_token);

        // With a grace of nothing the next show of the old token is reuse.
        expect(await refresh(signedIn.json.refresh_token)).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
        expect(await refresh(refreshed.json.refresh_token)).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
        expect((await curl(server, "/auth/me", ...bearer(refreshed.json.access_token))).status).toBe(401);
        expect(server.output()).toContain("refresh_reused");
      },
      ["--grace", "0s"],
    ));

  it.each(["browser", "token client"])("one account in a browser and on a token client: ending everything from the %s ends both", (ender) =>
    withServer(async (server) => {
      const page = await newPage(browser, { javaScriptEnabled: false });
      await signUpInBrowser(page, server.url, "ada@example.com");
      const [cookie] = await page.context().cookies();
      const ticket = ["-H", `cookie: coatcheck=${cookie?.value}`];
      const { json } = await curl(server, "/auth/sign-in", ...post({ email: "ada@example.com", password: PASSWORD, carrier: "token" }));
      expect((await curl(server, "/auth/sessions", ...ticket)).json.sessions).toHaveLength(2);

      if (ender === "browser") {
        await page.goto(`${server.url}/account`);
        await page.getByRole("button", { name: /everywhere/i }).click();
        await page.waitForURL(/\/sign-in/);
      } else {
        expect(await curl(server, "/auth/sessions", "-X", "DELETE", ...bearer(json.access_token))).toMatchObject({
          status: 200,
          json: { ended: 2 },
        });
      }
      expect((await curl(server, "/auth/me", ...ticket)).status).toBe(401);
      expect((await curl(server, "/auth/me", ...bearer(json.access_token))).status).toBe(401);
      await page.context().close();
    }),
  );

  it("keeps every user and session over a restart", () =>
    withServer(async (server) => {
      const signedUp = await curl(server, "/auth/sign-up", "-c", "jar.txt", ...post({ email: "ada@example.com", password: PASSWORD }));
      expect(signedUp.status).toBe(201);
      const ticket = /coatcheck\t(\S+)/.exec(await readFile(join(server.folder, "jar.txt"), "utf8"))?.[1];
      expect(ticket).toHaveLength(75);
      expect(await server.stop()).toBe(0);
      const again = await startServer(server.folder);
      expect((await curl(again, "/auth/me", "-H", `cookie: coatcheck=${ticket}`)).json.user.email).toBe("ada@example.com");
      expect(await again.stop()).toBe(0);
    }));
});
