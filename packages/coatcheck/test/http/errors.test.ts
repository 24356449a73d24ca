import { describe, expect, it } from "vitest";
import { CoatcheckError, ERRORS } from "../../src/core/errors.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { OAUTH_ERRORS, OAuthError } from "../../src/http/oauth-errors.ts";
import type { OAuthErrorName } from "../../src/http/oauth-errors.ts";
import { answerable, oauthProblem, problem } from "../../src/http/problem.ts";

const ISSUER = "https://id.example.com";
const CODES = Object.keys(ERRORS) as ErrorCode[];

describe("problem+json (RFC 9457)", () => {
  it.each(CODES)("%s says what it is and what to do, and has the headers of its status", (code) => {
    const { status, title, mend } = ERRORS[code];
    const answer = problem(new CoatcheckError(code), ISSUER);
    expect(answer).toMatchObject({ status, type: "application/problem+json" });
    expect(answer.body).toEqual({ type: `${ISSUER}/errors#${code}`, title, status, detail: mend, code });
    const headers = Object.keys(answer.headers ?? {});
    expect(headers).toEqual(status === 401 ? ["WWW-Authenticate"] : status === 429 || status === 503 ? ["Retry-After"] : []);
  });

  it.each([
    ["unauthenticated", "Bearer"],
    ["invalid_credentials", "Bearer"],
    ["invalid_token", 'Bearer error="invalid_token"'],
    ["login_required", 'Bearer error="invalid_token"'],
    ["stale_claims", 'Bearer error="invalid_token"'],
    ["insufficient_user_authentication", 'Bearer error="insufficient_user_authentication", max_age="300"'],
  ] as const)("%s challenges with %s", (code, challenge) => {
    expect(problem(new CoatcheckError(code), ISSUER).headers).toEqual({ "WWW-Authenticate": challenge });
  });

  it.each([
    [undefined, "1"],
    [0, "1"],
    [0.2, "1"],
    [29.5, "30"],
  ])("Retry-After %s is %s whole seconds", (retryAfter, header) => {
    const details = retryAfter === undefined ? {} : { retryAfter };
    expect(problem(new CoatcheckError("too_many_requests", details), ISSUER).headers).toEqual({ "Retry-After": header });
  });

  it("has a detail and fields of its own where there are any, and never the cause", () => {
    const fields = [{ pointer: "/email", detail: "is required" }];
    const { body } = problem(new CoatcheckError("invalid_input", { detail: "Two things.", fields, cause: new Error("hunter2") }), ISSUER);
    expect(body).toMatchObject({ detail: "Two things.", errors: fields });
    expect(JSON.stringify(body)).not.toContain("hunter2");
  });

  it("what is not ours is internal, and says nothing of itself", () => {
    for (const thrown of [new TypeError("hunter2"), "hunter2", null, undefined, { status: 200 }]) {
      const { status, body } = problem(answerable(thrown) as CoatcheckError, ISSUER);
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toContain("hunter2");
    }
  });
});

describe("the error form of RFC 6749 §5.2", () => {
  it.each(Object.keys(OAUTH_ERRORS) as OAuthErrorName[])("%s has its status", (name) => {
    const { status } = OAUTH_ERRORS[name];
    expect(oauthProblem(new OAuthError(name, "Why."))).toEqual({
      status,
      headers: status === 401 ? { "WWW-Authenticate": "Bearer" } : {},
      body: { error: name, error_description: "Why." },
    });
  });

  it.each(CODES)("%s of ours keeps its status and says its code", (code) => {
    const { status } = ERRORS[code];
    const answer = oauthProblem(new CoatcheckError(code));
    const error = status === 500 ? "server_error" : status === 429 || status === 503 ? "temporarily_unavailable" : "invalid_request";
    expect(answer).toMatchObject({ status, body: { error, code } });
    expect((answer.body as { error_description: string }).error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it("describes in the characters that the standard allows", () => {
    expect(oauthProblem(new CoatcheckError("bad_request", { detail: 'a "b" \\ é\n' })).body).toMatchObject({
      error_description: "a 'b' ' ''",
    });
  });
});
