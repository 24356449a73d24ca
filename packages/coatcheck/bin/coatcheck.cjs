#!/usr/bin/env node
"use strict";
// Says what to do on a Node that is too old, where better-sqlite3 would crash without a word: so it imports nothing before it has looked,
// and is written so that any Node can read it.
var version = process.versions.node.split(".").map(Number);

if (version[0] > 22 || (version[0] === 22 && version[1] >= 18)) {
  void import("../dist/cli/index.js");
} else {
  console.error("coatcheck needs Node 22.18 or later, and this is " + process.versions.node + ": install Node 24 and run it with that.");
  process.exitCode = 1;
}
