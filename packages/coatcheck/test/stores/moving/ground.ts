import { expect, afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Store } from "../../../src/core/ports.ts";
import { duration } from "../../../src/core/time.ts";
import { moveStore } from "../../../src/stores/moving/index.ts";
import type { Moved, MoveOptions, Progress } from "../../../src/stores/moving/index.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { sqlite } from "../../../src/stores/sqlite/index.ts";
import { startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { temporary } from "../open.ts";
import { dumpDatabase, dumpFile } from "./dump.ts";
import type { Dump } from "./dump.ts";
import { movedEvent } from "./event.ts";
import { filledStore } from "./filled.ts";

/** A file to move from and an empty database to move to, new for each case; the server is one for all. What is opened is closed. */
export interface Ground {
  readonly server: PostgresServer;
  readonly file: string;
  /** The database's address, and its name. */
  readonly to: string;
  readonly database: string;
  path(name: string): string;
  /** Fills the file. */
  filled(sessions?: number): Promise<Store>;
  /** Opens a store in a file. */
  onFile(path?: string): Promise<Store>;
  openTarget(): Promise<Store>;
  move(options?: Partial<MoveOptions>): Promise<Moved>;
  /** A move that stops by an error at this point. */
  interrupted(isHere: (progress: Progress) => boolean): Promise<void>;
  /** What is at both ends. */
  ends(): Promise<readonly [there: Dump, here: Dump]>;
}

/** Lays the hooks of the suite that calls it. @returns the ground of the case that runs. */
export function movingGround(): () => Ground {
  let server: PostgresServer;
  let folder: ReturnType<typeof temporary>;
  let ground: Ground;
  const opened: Store[] = [];
  const open = async (store: Store): Promise<Store> => {
    opened.push(store);
    await store.open();
    return store;
  };
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.remove());
  beforeEach(async () => {
    folder = temporary();
    ground = lay(server, folder, await server.database(), open);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    folder.remove();
  });
  return () => ground;
}

function lay(server: PostgresServer, folder: ReturnType<typeof temporary>, to: string, open: (store: Store) => Promise<Store>): Ground {
  const file = folder.path("store.db");
  const database = new URL(to).pathname.slice(1);
  const move: Ground["move"] = (options = {}) =>
    moveStore(file, to, { event: movedEvent, rowsAtOnce: 10, busyTimeout: duration("1ms"), ...options });
  return {
    ...{ server, file, to, database, move, path: folder.path },
    filled: async (sessions) => await open(await filledStore(file, sessions)),
    onFile: async (path = file) => await open(sqlite(path)),
    openTarget: async () => await open(postgres(to)),
    async interrupted(isHere) {
      const stop = new Error("stopped");
      const onProgress = (progress: Progress): void => {
        if (isHere(progress)) throw stop;
      };
      await expect(move({ onProgress })).rejects.toBe(stop);
    },
    ends: async () => [await dumpDatabase(server, database), dumpFile(file)],
  };
}
