import type { Command } from "commander";
import { storeName } from "../config/parse.ts";
import { ConfigError } from "../core/errors.ts";
import { leaf } from "./command.ts";
import { conclude } from "./output.ts";

interface MigrateFlags {
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

export function migrateCommand(): Command {
  return leaf(
    "migrate",
    "Moves everything from a store in a file to PostgreSQL, for many servers. Nobody is logged out, and what has ended stays ended.",
    "coatcheck migrate --from sqlite:data/coatcheck.db --to postgres://coatcheck@db.example.com/coatcheck",
  )
    .option("--from <store>", "the store that is moved: sqlite:<file>; nobody can write it meanwhile, and it is left closed")
    .option("--to <store>", "where it goes: postgres://<user>@<host>/<database>, an empty one; the password may be in PGPASSWORD")
    .option("--json", "print JSON")
    .action(async ({ from, to, json }: MigrateFlags) => {
      const places = { from: fileIn(from), to: databaseIn(to) };
      // Loaded when it is needed: help and errors should not wait for a database driver.
      const { migrateStore } = await import("./migrate/run.ts");
      conclude(await migrateStore(places), json === true);
    });
}

const SQLITE = "sqlite:";

/** @returns the file. @throws ConfigError */
function fileIn(from: string | undefined): string {
  if (from === undefined)
    throw new ConfigError("--from is missing: name the store that is to be moved, like --from sqlite:data/coatcheck.db");
  const name = storeName(from, "--from", "");
  if (!name.startsWith(SQLITE)) throw new ConfigError("--from must be a store in a file, sqlite:<file>: others are not moved");
  return name.slice(SQLITE.length);
}

/** @returns the address. @throws ConfigError that does not repeat it: there may be a password in it. */
function databaseIn(to: string | undefined): string {
  if (to === undefined) {
    throw new ConfigError("--to is missing: name an empty database, like --to postgres://coatcheck@db.example.com/coatcheck");
  }
  const name = storeName(to, "--to", "");
  if (!name.startsWith("postgres"))
    throw new ConfigError("--to must be PostgreSQL, postgres://<user>@<host>/<database>: nothing is moved elsewhere");
  return name;
}
