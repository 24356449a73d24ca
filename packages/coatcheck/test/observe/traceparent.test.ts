import { expect, test } from "vitest";
import { parseTraceParent } from "../../src/observe/tracer.ts";

const T = "0af7651916cd43dd8448eb211c80319c";
const S = "b7ad6b7169203331";

test("a traceparent as W3C writes it", () => {
  expect(parseTraceParent(`00-${T}-${S}-01`)).toEqual({ traceId: T, spanId: S, flags: 1 });
  expect(parseTraceParent(`00-${T}-${S}-00`)).toEqual({ traceId: T, spanId: S, flags: 0 });
  // A later version may say more behind it.
  expect(parseTraceParent(`cc-${T}-${S}-01-what-the-future-will-be-like`)).toEqual({ traceId: T, spanId: S, flags: 1 });
});

test.each([
  null,
  "",
  `ff-${T}-${S}-01`,
  `00-${"0".repeat(32)}-${S}-01`,
  `00-${T}-${"0".repeat(16)}-01`,
  `00-${T}-${S}-01-more`,
  `cc-${T}-${S}-01.more`,
  `00-${T.toUpperCase()}-${S}-01`,
  `00-${T}-${S}`,
  `00-${T}-${S}-1`,
  ` 00-${T}-${S}-01`,
  `cc-${T}-${S}-01-${"x".repeat(300)}`,
])("%j is none", (header) => {
  expect(parseTraceParent(header)).toBe(null);
});
