import { describe, expect, it } from "vitest";
import { METRICS } from "../../src/observe/catalogue.ts";
import { createMetrics, Family, Series } from "../../src/observe/metrics.ts";

const at = (time: number) => createMetrics(() => time);

describe("the text format", () => {
  it("says help and type before the values of each metric, and ends with a line feed", () => {
    const text = at(0).render();
    for (const { name, type, help } of Object.values(METRICS)) expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    expect(text.endsWith("\n")).toBe(true);
    expect(text).not.toContain("\n\n");
  });

  it("names labels in the order of the catalogue, one line for each set of values", () => {
    const metrics = at(0);
    metrics.requests.cell("GET", "/auth/me", "200").value += 2;
    metrics.requests.cell("GET", "/auth/me", "401").value += 1;
    expect(metrics.render()).toContain(
      'coatcheck_http_requests_total{method="GET",route="/auth/me",status="200"} 2\n' +
        'coatcheck_http_requests_total{method="GET",route="/auth/me",status="401"} 1\n',
    );
  });

  it("writes a metric without labels as name and number", () => {
    const metrics = at(0);
    metrics.hashesRunning.cell().value = 3;
    expect(metrics.render()).toContain("\ncoatcheck_password_hashes_running 3\n");
  });

  it("escapes backslash, quote and line feed in a label, backslash and line feed in a help text", () => {
    const row = { name: "x", type: "counter", help: "h", labels: ["l"] } as const;
    const family = new Family<readonly ["l"]>();
    family.cell('a\\b"c\nd').value = 1;
    expect(family.render(row)).toEqual(['x{l="a\\\\b\\"c\\nd"} 1']);
  });

  it("gives the same cell for the same values, and none of another's", () => {
    const family = new Family<readonly ["a", "b"]>();
    expect(family.cell("1", "2")).toBe(family.cell("1", "2"));
    expect(family.cell("1", "2")).not.toBe(family.cell("2", "1"));
  });

  it("fills in what is read rather than counted just before the text is made", () => {
    const metrics = at(0);
    let now = 1;
    metrics.onScrape(() => (metrics.revocationHead.cell().value = now));
    expect(metrics.render()).toContain("\ncoatcheck_revocation_head 1\n");
    now = 2;
    expect(metrics.render()).toContain("\ncoatcheck_revocation_head 2\n");
  });
});

describe("a histogram", () => {
  const row = { name: "t_seconds", type: "histogram", help: "h", labels: [], buckets: [0.1, 1] } as const;

  it("has cumulative buckets whose upper bound belongs to them, +Inf, sum and count", () => {
    const series = new Series(row.buckets);
    for (const value of [0.1, 0.5, 1, 7]) series.observe(value);
    expect(series.render(row, "")).toEqual([
      't_seconds_bucket{le="0.1"} 1',
      't_seconds_bucket{le="1"} 3',
      't_seconds_bucket{le="+Inf"} 4',
      "t_seconds_sum 8.6",
      "t_seconds_count 4",
    ]);
  });

  it("puts le after its own labels", () => {
    const metrics = at(0);
    metrics.storeSeconds.series("read").observe(9);
    const text = metrics.render();
    expect(text).toContain('coatcheck_store_operation_duration_seconds_bucket{kind="read",le="5"} 0\n');
    expect(text).toContain('coatcheck_store_operation_duration_seconds_bucket{kind="read",le="+Inf"} 1\n');
    expect(text).toContain('coatcheck_store_operation_duration_seconds_sum{kind="read"} 9\n');
    expect(text).toContain('coatcheck_store_operation_duration_seconds_count{kind="read"} 1\n');
  });
});

describe("the catalogue", () => {
  const rows = Object.values(METRICS);

  it("names each metric once, ours with our prefix, counters with _total", () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { name, type } of rows) {
      expect(name).toMatch(/^(coatcheck|process|nodejs)_[a-z_]+$/);
      expect({ name, total: name.endsWith("_total") }).toEqual({ name, total: type === "counter" });
      if (type === "histogram") expect(name).toMatch(/_seconds$/);
    }
  });

  it("gives histograms ascending bounds, and nothing else any", () => {
    for (const row of rows) {
      const buckets = "buckets" in row ? row.buckets : [];
      expect(buckets.length > 0).toBe(row.type === "histogram");
      expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
    }
  });
});
