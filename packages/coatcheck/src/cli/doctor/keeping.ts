import { ROTATE_EVERY } from "../../core/key-schedule.ts";
import { LEEWAY } from "../../core/limits.ts";
import { duration, later } from "../../core/time.ts";
import { lasting } from "../inspect/words.ts";
import type { DatabaseFacts } from "../../stores/postgres/facts.ts";
import { when } from "../output.ts";
import { fail, failBy, ok, warn } from "./check.ts";
import type { Check } from "./check.ts";

/** Group and others. */
const NOT_OWNER = 0o077;

/** Who else can get at the secret. */
export const secretChecks: Readonly<Record<string, Check>> = {
  secret: ({ secret }) => {
    if (secret.problem !== null) return failBy(secret.problem);
    if (secret.count === 0) return ok("made by the server when it starts");
    return ok(`${secret.count === 1 ? "one" : secret.count} of 32 bytes or more, from ${secret.path ?? "the environment"}`);
  },

  secret_place: ({ secret }) => {
    if (secret.path === null) return null;
    return secret.withData
      ? fail(
          `${secret.path} lies in the folder of the data: whoever gets a copy of that can open everything`,
          "move it elsewhere, and name it with --secret-file",
        )
      : ok("outside the folder of the data");
  },

  secret_mode: ({ secret: { path, mode } }) => {
    if (path === null || mode === null) return null;
    return (mode & NOT_OWNER) === 0 ? ok("for its owner alone") : fail(`others on this machine may read ${path}`, `chmod 600 ${path}`);
  },

  secret_shared: ({ secret }) => {
    if (secret.path === null) return null;
    return secret.alsoIn.length === 0
      ? ok("no other secret is the same")
      : warn(
          `the same secret is in ${secret.alsoIn.join(", ")}: whoever gets it there opens this store too`,
          "give each store one of its own, and throw copies away",
        );
  },
};

/** Where SQLite's locks and shared memory do not work between machines, and a crash of the other side loses what was acknowledged (linux/magic.h and file systems' own). */
const NETWORKED: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xfe534d42: "SMB",
  0xff534d42: "CIFS",
  0x01021997: "9P",
  0x5346414f: "AFS",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x47504653: "GPFS",
  0x01161970: "GFS2",
  0x7461636f: "OCFS2",
  0x786f4256: "a VirtualBox share",
  0xbacbacbc: "a VMware share",
};
const FUSE = 0x65735546;
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

const MB = 2 ** 20;

const WAYS: Readonly<Record<DatabaseFacts["way"], ReturnType<typeof ok>>> = {
  local: ok("the way to the store does not leave this machine"),
  verified: ok("the way to the store is encrypted, and its certificate verified"),
  unverified: warn(
    "the way to the store is encrypted, but anybody on it could take the server's place",
    "say sslmode=verify-full in its address, with sslrootcert for an authority of your own",
  ),
  plain: fail(
    "the way to the store is in plain text: addresses, hashes and the password of the database can be read on it",
    "take sslmode=disable out of its address, and switch on TLS there (ssl = on)",
  ),
};

/** Whether the store's file is a good place for what must not be lost. */
export const storeChecks: Readonly<Record<string, Check>> = {
  store: ({ file, database, config }) => {
    if (database !== null) {
      if (database.problem !== null) return failBy(database.problem);
      if (!database.isThere)
        return warn(`there is no store in ${database.name} yet`, "start the server once, or name the right one with --store");
      return ok(`${database.name} can be read and written`);
    }
    if (file === null)
      return warn(`${config.store} forgets everybody when the server stops`, "name a file: --store sqlite:data/coatcheck.db");
    if (file.problem !== null) return failBy(file.problem);
    if (!file.isThere) return warn(`there is no store in ${file.path} yet`, "start the server once, or name the right one with --store");
    return ok(`${file.path} can be read and written`);
  },

  store_way: ({ database }) => (database === null ? null : WAYS[database.way]),

  store_copy: ({ database }) => {
    if (database === null || database.standbys === null) return null;
    return database.standbys === ""
      ? warn(
          "no commit waits for a standby: if the primary is lost, so is what it acknowledged last, ended sessions among it",
          "set synchronous_standby_names where a fail-over must lose nothing: docs/operations.md",
        )
      : ok(`a commit waits for a standby: ${database.standbys}`);
  },

  store_writable: ({ file }) => {
    if (file === null) return null;
    return file.unwritable.length === 0
      ? ok("this user may write it, and beside it")
      : fail(
          `this user may not write ${file.unwritable.join(", ")}`,
          "run this as the user that runs the server, or give it to them with chown",
        );
  },

  store_mode: ({ file }) => {
    if (file === null || file.mode === null) return null;
    return (file.mode & NOT_OWNER) === 0
      ? ok("for its owner alone")
      : warn(`others on this machine may read ${file.path}: addresses, names, hashes of passwords`, `chmod 600 ${file.path}`);
  },

  store_disk: ({ file }) => {
    if (file === null || file.fileSystem === null) return null;
    const network = NETWORKED[file.fileSystem];
    if (network !== undefined)
      return fail(
        `${file.path} lies on ${network}, where processes can't share an SQLite file safely`,
        "name a place on a local disk with --store",
      );
    if (file.fileSystem === FUSE)
      return warn(`${file.path} lies on a FUSE file system, which may be a network's`, "name a place on a local disk with --store");
    if (IN_MEMORY.includes(file.fileSystem))
      return warn(`${file.path} lies in memory, and is gone when the machine restarts`, "name a place on a disk with --store");
    return ok("on a local disk");
  },

  disk_space: ({ file }) => {
    if (file === null || file.free === null) return null;
    const free = `${Math.floor(file.free / MB)} MB free`;
    if (file.free < 100 * MB) return fail(`${free}: soon nobody can log in, and nothing can be ended`, "make room, or move the store");
    return file.free < 1_024 * MB ? warn(free, "make room, or move the store") : ok(free);
  },

  wal: ({ file }) => {
    if (file === null) return null;
    if (file.wal === null) return ok("no write-ahead log now: nobody has the store open");
    if (file.wal <= 256 * MB) return ok(`the write-ahead log is in use: a backup must take it too, or be made by SQLite`);
    return warn(
      `the write-ahead log has grown to ${Math.floor(file.wal / MB)} MB: something keeps an old state of the store open`,
      "look for a backup or a shell that has it open, and end that",
    );
  },
};

/** How much the machine's clock may be corrected in a second or two. */
const JUMP = duration("500ms");
/** Time, and the keys that grow old in it. */
export const timeChecks: Readonly<Record<string, Check>> = {
  clock: ({ jump }) =>
    Math.abs(jump) <= JUMP
      ? ok("runs evenly")
      : warn(
          `this machine's clock was moved by ${jump} ms just now`,
          "let NTP slew it in small steps, and see that only one program sets it",
        ),

  clock_store: ({ store, now }) => {
    if (store === null || store.latest === null) return null;
    if (store.latest <= later(now, LEEWAY)) return ok("the store has nothing from the future");
    return fail(
      `the store knows of ${when(store.latest)}, ${lasting(store.latest - now)} ahead of this clock: it is behind, or another one ran ahead`,
      "set the clock by NTP; what ended by time alone may live on until then",
    );
  },

  keys: ({ store, config: { settings } }) => {
    if (store === null) return null;
    const ours = store.keys.filter(({ alg }) => alg === settings.alg);
    if (ours.length === 0) return warn(`there is no signing key for ${settings.alg} yet`, "start the server once, which makes it");
    return ok(`${ours.length === 1 ? "one signing key" : `${ours.length} signing keys`} for ${settings.alg}`);
  },

  keys_open: ({ store }) => {
    const tried = store?.keys.filter(({ opens }) => opens !== null) ?? [];
    if (tried.length === 0) return null;
    const shut = tried.filter(({ opens }) => opens === false).map(({ kid }) => kid);
    return shut.length === 0
      ? ok("the secret opens every signing key")
      : fail(
          `the secret does not open the signing key ${shut.join(", ")}`,
          "give the secret that this store was made with (--secret-file)",
        );
  },

  keys_age: ({ store, now, config: { settings } }) => {
    const newest = store?.keys.findLast(({ alg }) => alg === settings.alg);
    if (newest === undefined) return null;
    const age = now - newest.signsFrom;
    return age <= ROTATE_EVERY
      ? ok(`the newest signing key signs from ${when(newest.signsFrom)} on`)
      : warn(
          `the newest signing key, ${newest.kid}, has signed for ${lasting(age)}`,
          "let the server run, which replaces it in time, or: coatcheck key rotate",
        );
  },
};

export const serverChecks: Readonly<Record<string, Check>> = {
  server: ({ server: { url, answer } }) => {
    if (answer === "ready") return ok(`answers at ${url}, and is ready`);
    if (answer === "none") return ok(`none answers at ${url}`);
    if (answer === "not_ready")
      return fail(`answers at ${url}, and is not ready: it can't reach its store`, "read its log, and mend the store");
    return warn(`another program answers at ${url}`, "choose another --port, or stop that one");
  },
};
