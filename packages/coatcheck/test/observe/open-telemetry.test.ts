import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { memory } from "../../src/index.ts";
import { COOKIE, openHouse, PASSWORD } from "../http/support.ts";

// The SDK as it comes, with spans kept in memory.
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});
beforeEach(() => exporter.reset());

const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
const servers = (): readonly ReadableSpan[] => spans().filter(({ kind }) => kind === SpanKind.SERVER);
const below = (parent: Pick<ReadableSpan, "spanContext"> | undefined): readonly string[] =>
  spans()
    .filter((it) => it.parentSpanContext?.spanId === parent?.spanContext().spanId)
    .map(({ name }) => name);

describe("spans", () => {
  it("has one for each request, named by method and route, by HTTP's conventions", async () => {
    const house = await openHouse();
    await house.call("DELETE", `/auth/sessions/${"A".repeat(22)}?x=hunter2`);
    await house.call("GET", "/nothing");
    const [deleted, nothing] = servers();
    expect(deleted?.name).toBe("DELETE /auth/sessions/{sid}");
    expect(deleted?.attributes).toEqual({
      "http.request.method": "DELETE",
      "http.route": "/auth/sessions/{sid}",
      "http.response.status_code": 401,
      "coatcheck.verdict": "absent",
    });
    expect(deleted?.status.code).toBe(SpanStatusCode.UNSET);
    expect([nothing?.name, nothing?.attributes]).toEqual(["GET", { "http.request.method": "GET", "http.response.status_code": 404 }]);
  });

  it("has those of the store and of the hash below it", async () => {
    const house = await openHouse();
    await house.arrive();
    const [signUp] = servers();
    expect(signUp?.name).toBe("POST /auth/sign-up");
    expect(below(signUp)).toEqual(
      expect.arrayContaining(["password hash", "store users.create", "store sessions.start", "store audit.append"]),
    );
    const created = spans().find(({ name }) => name === "store users.create");
    expect(created?.attributes).toEqual({ "coatcheck.store.port": "users", "db.operation.name": "create" });
  });

  it("goes on the trace of the caller", async () => {
    const house = await openHouse();
    const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    await house.call("GET", "/auth/me", { headers: { traceparent: `00-${traceId}-${spanId}-01` } });
    const [span] = servers();
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.parentSpanContext).toMatchObject({ spanId, isRemote: true });
  });

  it("stays below the application's own span, whatever a caller says", async () => {
    const house = await openHouse();
    const own = trace.getTracer("app").startSpan("own");
    const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    await context.with(trace.setSpan(context.active(), own), () => house.call("GET", "/auth/me", { headers }));
    expect(servers()[0]?.parentSpanContext?.spanId).toBe(own.spanContext().spanId);
  });

  it("makes none for a check from memory, and one for each call of the store inside an application's span", async () => {
    const house = await openHouse();
    const ada = await house.arrive();
    exporter.reset();
    const check = () => house.routes.check({ cookie: ada.headers["cookie"] });
    await check();
    expect(spans()).toEqual([]);
    house.clock.advance("6m");
    const own = trace.getTracer("app").startSpan("own");
    await context.with(trace.setSpan(context.active(), own), check);
    expect(below(own)).toContain("store sessions.find");
    exporter.reset();
    await context.with(trace.setSpan(context.active(), own), check);
    expect(spans()).toEqual([]);
  });

  it("says that it failed, and not with what words", async () => {
    const store = memory();
    const house = await openHouse({ store });
    const ada = await house.arrive();
    exporter.reset();
    Object.assign(store.sessions, {
      find: () => {
        throw new StoreUnavailable(new Error("connection refused by 10.0.0.5"));
      },
    });
    expect((await house.call("GET", "/auth/me", { headers: ada.headers })).status).toBe(503);
    const [server] = servers();
    expect([server?.status.code, server?.attributes["error.type"]]).toEqual([SpanStatusCode.ERROR, "store_unavailable"]);
    expect(spans().find(({ name }) => name === "store sessions.find")?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(JSON.stringify(spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })))).not.toContain(
      "10.0.0.5",
    );
  });

  it("has nothing in it that lets anybody in", async () => {
    const house = await openHouse();
    const ada = await house.arrive();
    await house.call("POST", "/auth/confirm", { headers: ada.headers, json: { password: PASSWORD } });
    const text = JSON.stringify(
      spans().map(({ name, attributes, status, events, links }) => ({ name, attributes, status, events, links })),
    );
    for (const secret of [PASSWORD, (ada.headers["cookie"] ?? "").slice(COOKIE.length + 1), ada.sid, "ada@example.com", "$argon2id"])
      expect(text).not.toContain(secret);
  });
});
