import type { Command } from "commander";
import { addClient } from "../accounts/clients.ts";
import type { ClientRecord } from "../core/clients.ts";
import { ConfigError } from "../core/errors.ts";
import { CLIENT_PREFIX } from "../core/ids.ts";
import type { ClientId } from "../core/ids.ts";
import { iso } from "../core/time.ts";
import { systemRandom } from "../server/random.ts";
import { administer, administration, administrative, leaf, noun } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { Failure } from "./failure.ts";
import { table, when } from "./output.ts";
import type { Report } from "./output.ts";

export function clientCommand(): Command {
  return noun("client", "Makes and removes OAuth clients: programs that call in their own name.", [
    addCommand(),
    listCommand(),
    removeCommand(),
    switchCommand("disable", true, "Keeps a client out: its tokens are refused from the next request on."),
    switchCommand("enable", false, "Lets a client in again. What was ended stays ended."),
  ]);
}

interface AddFlags extends Flags {
  readonly scope: readonly string[];
  readonly audience: readonly string[];
}

function addCommand(): Command {
  const add = leaf(
    "add",
    "Makes a client, and shows its secret this once.",
    'coatcheck client add "Nightly report" --scope report:read --audience https://reports.example.com',
  );
  const repeated = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  add.option("--scope <scope>", "what its tokens may say; may be repeated (default: nothing)", repeated, []);
  add.option(
    "--audience <address>",
    "whom its tokens may be for, and whose it may introspect; may be repeated, the first is meant unless a request says (default: the server's own)",
    repeated,
    [],
  );
  return administrative(add)
    .argument("<name>", "what to call it")
    .action((name: string, { audience, ...flags }: AddFlags) =>
      administer(flags, async (desk) => {
        const audiences = audience.length > 0 ? audience : [desk.config.settings.audience];
        const scopes = flags.scope.flatMap((it) => it.split(" "));
        const parts = { clients: desk.store.clients, clock: desk.clock, random: systemRandom };
        const { client, secret } = await addClient(parts, { name, scopes, audiences });
        await desk.audit({ event: "client_added", detail: { clientId: client.id, scopes: client.scopes, audiences: client.audiences } });
        return { json: { ...view(client), secret }, text: added(client, secret) };
      }),
    );
}

function added({ id, name, scopes, audiences }: ClientRecord, secret: string): string {
  return [
    `Added the client ${name}.`,
    `  client_id      ${id}`,
    `  client_secret  ${secret}`,
    `  scopes         ${scopes.join(" ") || "none"}`,
    `  audiences      ${audiences.join(" ")}`,
    "The secret is shown this once, and kept nowhere: hand it to the client now.",
  ].join("\n");
}

function listCommand(): Command {
  return administration("list", "Lists the clients, the oldest first.", "coatcheck client list").action((flags: Flags) =>
    administer(flags, async ({ store }) => listed(await store.clients.list())),
  );
}

function listed(clients: readonly ClientRecord[]): Report {
  const rows = table(clients, {
    ID: ({ id }) => id,
    NAME: ({ name }) => name,
    SCOPES: ({ scopes }) => scopes.join(" "),
    AUDIENCES: ({ audiences }) => audiences.join(" "),
    STATE: ({ disabled }) => (disabled ? "disabled" : "enabled"),
    SINCE: ({ createdAt }) => when(createdAt),
  });
  return { json: { clients: clients.map(view) }, text: clients.length === 0 ? "There are no clients." : rows };
}

function removeCommand(): Command {
  return onOne("remove", "Removes a client: its tokens are refused from the next request on.", async (desk, client) => {
    stillThere(await desk.store.clients.remove(client.id, desk.clock.now()));
    await desk.audit({ event: "client_removed", detail: { clientId: client.id } });
    return { json: view(client), text: `Removed the client ${client.name}: its tokens are refused from the next request on.` };
  });
}

function switchCommand(name: "disable" | "enable", disabled: boolean, description: string): Command {
  return onOne(name, description, async (desk, client) => {
    stillThere(await desk.store.clients.setDisabled(client.id, disabled, desk.clock.now()));
    await desk.audit({ event: `client_${name}d`, detail: { clientId: client.id } });
    const text = disabled
      ? `Disabled the client ${client.name}: its tokens are refused from the next request on.`
      : `Enabled the client ${client.name}.`;
    return { json: view({ ...client, disabled }), text };
  });
}

function onOne(name: string, description: string, work: (desk: Desk, client: ClientRecord) => Promise<Report>): Command {
  return administration(name, description, `coatcheck client ${name} ${CLIENT_PREFIX}X3b0SxZ1Qm2cR8a5tYk9Ew`)
    .argument("<id>", "the client, as client list shows it")
    .action((typed: string, flags: Flags) => {
      const id = readId(typed);
      return administer(flags, async (desk) => {
        const found = await desk.store.clients.byId(id);
        stillThere(found !== null);
        return work(desk, (found as NonNullable<typeof found>).client);
      });
    });
}

/** What is no client's id may be a secret in its place: it is not repeated. @throws ConfigError */
function readId(typed: string): ClientId {
  if (!typed.startsWith(CLIENT_PREFIX))
    throw new ConfigError(`that is no client's id, which begins with ${CLIENT_PREFIX}: coatcheck client list shows them`);
  return typed as ClientId;
}

/** @throws Failure if there is no such client, or somebody was quicker. */
function stillThere(there: boolean): void {
  if (!there) throw new Failure("there is no such client: coatcheck client list shows those that there are");
}

function view({ id, name, scopes, audiences, disabled, createdAt }: ClientRecord): Readonly<Record<string, unknown>> {
  return { id, name, scopes, audiences, disabled, createdAt: iso(createdAt) };
}
