import { METRICS } from "./catalogue.ts";
import type { MetricName, MetricRow } from "./catalogue.ts";

/** Milliseconds that only grow, with fractions; the zero means nothing. */
export type Stopwatch = () => number;

/** The number of one set of label values. Whoever is in a hurry keeps it and adds to it: nothing is looked up and nothing allocated. */
export interface Cell {
  value: number;
}

type Values<Labels extends readonly string[]> = { readonly [At in keyof Labels]: string };

/** A counter or a gauge: one cell for each set of label values. */
export class Family<Labels extends readonly string[] = readonly string[]> {
  readonly #cells = new Map<string, Cell>();

  /** The cell of these label values, in the order of the catalogue; made at 0 when it is asked for first. */
  cell(...values: Values<Labels>): Cell {
    const key = values.join("\0");
    let cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, (cell = { value: 0 }));
    return cell;
  }

  render({ name, labels }: MetricRow): string[] {
    return [...this.#cells].map(
      ([key, { value }]) => `${name}${labelSet(labels, key)} ${value === Number.POSITIVE_INFINITY ? "+Inf" : value}`,
    );
  }
}

/** One histogram of one set of label values. */
export class Series {
  readonly #bounds: readonly number[];
  /** How many fell into each bucket and into no narrower one; the last is for what is above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  /** Buckets are cumulative: each holds what the narrower ones hold. */
  render({ name, labels }: MetricRow, key: string): string[] {
    let count = 0;
    const buckets = this.#counts.map((here, at) => {
      count += here;
      return `${name}_bucket${labelSet([...labels, "le"], key === "" ? le(this.#bounds[at]) : `${key}\0${le(this.#bounds[at])}`)} ${count}`;
    });
    const own = labelSet(labels, key);
    return [...buckets, `${name}_sum${own} ${this.#sum}`, `${name}_count${own} ${count}`];
  }
}

function le(bound: number | undefined): string {
  return bound === undefined ? "+Inf" : String(bound);
}

class Histogram<Labels extends readonly string[] = readonly string[]> {
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  series(...values: Values<Labels>): Series {
    const key = values.join("\0");
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = new Series(this.#bounds)));
    return series;
  }

  render(row: MetricRow): string[] {
    return [...this.#series].flatMap(([key, series]) => series.render(row, key));
  }
}

type Instrument<Row extends MetricRow> = Row["type"] extends "histogram" ? Histogram<Row["labels"]> : Family<Row["labels"]>;
type Instruments = { readonly [Name in MetricName]: Instrument<(typeof METRICS)[Name]> };

/** Every metric of the catalogue, by its name there. */
export interface Metrics extends Instruments {
  readonly stopwatch: Stopwatch;
  /** What is read rather than counted is filled in just before the text is made. */
  onScrape(fill: () => void): void;
  /** The text of {@link METRICS_TYPE}. */
  render(): string;
}

/** Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function createMetrics(stopwatch: Stopwatch): Metrics {
  const fills: (() => void)[] = [];
  const rows: readonly (readonly [string, MetricRow])[] = Object.entries(METRICS);
  const instruments = new Map(rows.map(([key, row]) => [key, row.buckets === undefined ? new Family() : new Histogram(row.buckets)]));
  return {
    ...(Object.fromEntries(instruments) as unknown as Instruments),
    stopwatch,
    onScrape: (fill) => void fills.push(fill),
    render: () => {
      for (const fill of fills) fill();
      return rows.map(([key, row]) => block(row, instruments.get(key)?.render(row) ?? [])).join("");
    },
  };
}

function block(row: MetricRow, lines: readonly string[]): string {
  return [`# HELP ${row.name} ${escape(row.help)}`, `# TYPE ${row.name} ${row.type}`, ...lines, ""].join("\n");
}

function labelSet(names: readonly string[], key: string): string {
  if (names.length === 0) return "";
  const values = key.split("\0");
  return `{${names.map((name, at) => `${name}="${escape(values[at] ?? "").replaceAll('"', '\\"')}"`).join(",")}}`;
}

/** Of a help text; in a label's value the quote is escaped too. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
