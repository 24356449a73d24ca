/** One metric as Prometheus and its reader see it. */
export interface MetricRow {
  /** By Prometheus' conventions: a prefix of ours, the unit, `_total` for what only grows. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Label names. Each value comes from a table of ours (routes, reasons, operations): never from a request. */
  readonly labels: readonly string[];
  /** Of a histogram: upper bounds, in the unit of its name, ascending. */
  readonly buckets?: readonly number[];
}

/** A check is microseconds from memory, and a store's time when it must ask. */
const CHECK_BUCKETS = [0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.05, 0.5];
const STORE_BUCKETS = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REQUEST_BUCKETS = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every metric there is: instruments, the text of `/metrics` and `docs/metrics.md` all come from here. */
export const METRICS = {
  requests: {
    name: "coatcheck_http_requests_total",
    type: "counter",
    help: "Requests answered, by method, route and status; route is the path's pattern, or none for an address that is no route.",
    labels: ["method", "route", "status"],
  },
  requestSeconds: {
    name: "coatcheck_http_request_duration_seconds",
    type: "histogram",
    help: "How long requests took until their answer was there, by route.",
    labels: ["route"],
    buckets: REQUEST_BUCKETS,
  },
  errors: {
    name: "coatcheck_http_errors_total",
    type: "counter",
    help: "Errors answered, by their code: those of docs/errors.md, and the names of RFC 6749.",
    labels: ["code"],
  },
  throttled: {
    name: "coatcheck_throttled_total",
    type: "counter",
    help: "Requests turned away as too many tries (429), by route.",
    labels: ["route"],
  },
  verdicts: {
    name: "coatcheck_verdicts_total",
    type: "counter",
    help: "Checks of a credential, by carrier (none when nothing counted was shown) and verdict: ok, or the reason of the refusal.",
    labels: ["carrier", "verdict"],
  },
  checkSeconds: {
    name: "coatcheck_check_duration_seconds",
    type: "histogram",
    help: "How long checks took, by carrier. One check of sixteen is timed: its count is of samples.",
    labels: ["carrier"],
    buckets: CHECK_BUCKETS,
  },
  junk: {
    name: "coatcheck_junk_total",
    type: "counter",
    help: "Values shown as a credential that this server never made: each was refused without a read of the store.",
    labels: ["credential"],
  },
  storeOperations: {
    name: "coatcheck_store_operations_total",
    type: "counter",
    help: "Calls of the store, by port, operation and kind: read or write. Asking an SQLite file whether it changed is not one.",
    labels: ["port", "operation", "kind"],
  },
  storeErrors: {
    name: "coatcheck_store_errors_total",
    type: "counter",
    help: "Calls of the store that failed, by port and operation.",
    labels: ["port", "operation"],
  },
  storeSeconds: {
    name: "coatcheck_store_operation_duration_seconds",
    type: "histogram",
    help: "How long calls of the store took, by kind: read or write.",
    labels: ["kind"],
    buckets: STORE_BUCKETS,
  },
  hashesRunning: { name: "coatcheck_password_hashes_running", type: "gauge", help: "Password hashes that run now.", labels: [] },
  hashesWaiting: {
    name: "coatcheck_password_hashes_waiting",
    type: "gauge",
    help: "Password hashes that wait for their turn.",
    labels: [],
  },
  hashesRefused: {
    name: "coatcheck_password_hashes_refused_total",
    type: "counter",
    help: "Password hashes refused because the queue was full (503 overloaded).",
    labels: [],
  },
  cacheEntries: {
    name: "coatcheck_cache_entries",
    type: "gauge",
    help: "What this process remembers: sessions of cookies, and verified access tokens.",
    labels: ["cache"],
  },
  cacheHits: {
    name: "coatcheck_cache_hits_total",
    type: "counter",
    help: "Checks that memory answered, by what was remembered.",
    labels: ["cache"],
  },
  cacheMisses: {
    name: "coatcheck_cache_misses_total",
    type: "counter",
    help: "Checks that found nothing in memory that still held: the session was read, or the signature verified.",
    labels: ["cache"],
  },
  revocationHead: {
    name: "coatcheck_revocation_head",
    type: "gauge",
    help: "Position in the log of what ended or changed up to which this process knows it.",
    labels: [],
  },
  revocationEntries: {
    name: "coatcheck_revocation_entries",
    type: "gauge",
    help: "Live marks of that log in memory.",
    labels: [],
  },
  leaseLeft: {
    name: "coatcheck_lease_left_seconds",
    type: "gauge",
    help: "How long this process may still decide from memory; +Inf where it asks before each decision.",
    labels: [],
  },
  leaseLapsed: {
    name: "coatcheck_lease_lapsed_decisions_total",
    type: "counter",
    help: "Checks that found the lease run out, by outcome: asked (the store answered), apart (those of them for which its clock and ours, minutes apart, had to agree) or unknown (503).",
    labels: ["outcome"],
  },
  revocationLag: {
    name: "coatcheck_revocation_lag_seconds",
    type: "histogram",
    help: "How long each other process took to apply what this one ended for the purpose, once a minute.",
    labels: [],
    buckets: LAG_BUCKETS,
  },
  changeStreams: {
    name: "coatcheck_changes_held",
    type: "gauge",
    help: "Requests for the change feed that are held open now: as streams, or waiting for news.",
    labels: [],
  },
  refreshes: {
    name: "coatcheck_refreshes_total",
    type: "counter",
    help: "Refresh tokens shown, by outcome: rotated, replayed (the same child again), or why they were refused.",
    labels: ["outcome"],
  },
  auditEvents: {
    name: "coatcheck_audit_events_total",
    type: "counter",
    help: "Security events written to the audit trail, by name (docs/audit.md).",
    labels: ["event"],
  },
  auditSuppressed: {
    name: "coatcheck_audit_suppressed_total",
    type: "counter",
    help: "Refusals and routine beyond what the trail takes in an hour: counted, and written as one sum.",
    labels: ["event"],
  },
  auditFailures: {
    name: "coatcheck_audit_failures_total",
    type: "counter",
    help: "Security events that could not be written to the trail; each is in the log.",
    labels: [],
  },
  build: { name: "coatcheck_build_info", type: "gauge", help: "Always 1; says which version of what runs.", labels: ["version", "node"] },
  processMemory: {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Memory of this process that is in RAM.",
    labels: [],
  },
  processCpu: { name: "process_cpu_seconds_total", type: "counter", help: "CPU time that this process has used.", labels: [] },
  processStart: { name: "process_start_time_seconds", type: "gauge", help: "When this process started, in Unix time.", labels: [] },
  resources: {
    name: "nodejs_active_resources",
    type: "gauge",
    help: "What keeps the event loop alive: open sockets, timers, requests to the system.",
    labels: [],
  },
  eventLoop: {
    name: "nodejs_eventloop_delay_seconds",
    type: "gauge",
    help: "How late the event loop was, by quantile (1 is the worst), since the scrape before; 0 at the first.",
    labels: ["quantile"],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;
