import type { Command } from "commander";
import { createAccountOffice } from "../accounts/office.ts";
import type { AccountOffice } from "../accounts/office.ts";
import { CoatcheckError, ConfigError } from "../core/errors.ts";
import type { UserRecord } from "../core/ports.ts";
import { accountView } from "../http/views.ts";
import { systemRandom } from "../server/random.ts";
import { administer, administration, noun } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { Failure } from "./failure.ts";
import { table, when } from "./output.ts";
import type { Report } from "./output.ts";
import { newPassword, withPassword } from "./password.ts";
import type { NewPassword, PasswordFlags } from "./password.ts";
import { findUser, readCount, readEmail } from "./values.ts";

const USER = "an address or an id";

export function userCommand(): Command {
  return noun("user", "Makes and changes built-in accounts.", [
    addCommand(),
    listCommand(),
    switchCommand("disable", true, "Keeps somebody out: ends every session of theirs, and lets them start none."),
    switchCommand("enable", false, "Lets somebody sign in again. Sessions that have ended stay ended."),
    passwordCommand(),
    rolesCommand(),
  ]);
}

interface AddFlags extends PasswordFlags {
  readonly name: string;
  readonly roles?: string;
}

function addCommand(): Command {
  const command = administration(
    "add",
    "Makes an account, and a password for it.",
    "coatcheck user add ada@example.com --name Ada --roles editor",
  );
  return withPassword(command)
    .argument("<address>", "their e-mail address")
    .option("--name <name>", "what to call them", "")
    .option("--roles <roles>", "their roles, separated by commas")
    .action(async (typed: string, flags: AddFlags) => {
      const newcomer = { email: readEmail(typed), name: flags.name, roles: listOf(flags.roles) };
      const chosen = await newPassword(flags, systemRandom);
      await administer(flags, async (desk) => {
        const { user } = await officeAt(desk).add(newcomer, chosen.password).catch(taken);
        await desk.audit({ event: "user_added", userId: user.id, detail: { roles: user.roles } });
        return withMade({ json: view(user), text: `Added ${user.email}, whose id is ${user.id}.` }, chosen);
      });
    });
}

interface ListFlags extends Flags {
  readonly limit: string;
}

function listCommand(): Command {
  return administration("list", "Lists the accounts by address.", "coatcheck user list")
    .option("--limit <number>", "how many at most", "1000")
    .action(async (flags: ListFlags) => {
      const most = readCount("--limit", flags.limit);
      await administer(flags, async ({ store }) => listed(await store.users.list(most + 1), most));
    });
}

function listed(all: readonly UserRecord[], most: number): Report {
  const users = all.slice(0, most);
  const more = all.length > most;
  const rows = table(users, {
    ID: ({ id }) => id,
    ADDRESS: ({ email }) => email,
    NAME: ({ name }) => name,
    ROLES: ({ roles }) => roles.join(","),
    STATE: ({ disabled }) => (disabled ? "disabled" : "enabled"),
    SINCE: ({ createdAt }) => when(createdAt),
  });
  const text = more ? `${rows}\nThere are more: these are the first ${most} by address; --limit shows others.` : rows;
  return { json: { users: users.map(view), more }, text: users.length === 0 ? "There are no accounts." : text };
}

function switchCommand(name: "disable" | "enable", disabled: boolean, description: string): Command {
  return administration(name, description, `coatcheck user ${name} ada@example.com`)
    .argument("<user>", USER)
    .action((typed: string, flags: Flags) =>
      administer(flags, async (desk) => {
        const user = await findUser(desk, typed);
        stillThere(await desk.store.users.setDisabled(user.id, disabled, desk.clock.now()));
        await desk.audit({ event: `user_${name}d`, userId: user.id });
        const text = disabled ? `Disabled ${user.email}: every session of theirs has ended.` : `Enabled ${user.email}.`;
        return { json: view({ ...user, disabled }), text };
      }),
    );
}

function passwordCommand(): Command {
  const command = administration(
    "password",
    "Sets a password, and ends every session of theirs.",
    "coatcheck user password ada@example.com",
  );
  return withPassword(command)
    .argument("<user>", USER)
    .action(async (typed: string, flags: PasswordFlags) => {
      const chosen = await newPassword(flags, systemRandom);
      await administer(flags, async (desk) => {
        const user = await findUser(desk, typed);
        stillThere(await officeAt(desk).setPassword(user, chosen.password));
        await desk.audit({ event: "password_set", userId: user.id });
        return withMade({ json: view(user), text: `Set the password of ${user.email}: every session of theirs has ended.` }, chosen);
      });
    });
}

interface RolesFlags extends Flags {
  readonly none?: boolean;
}

function rolesCommand(): Command {
  return administration(
    "roles",
    "Replaces somebody's roles: whoever is logged in has the new ones at the next request.",
    "coatcheck user roles ada@example.com editor,admin",
    "coatcheck user roles ada@example.com --none",
  )
    .argument("<user>", USER)
    .argument("[roles]", "the roles that they have from now on, separated by commas")
    .option("--none", "take all roles away")
    .action(async (typed: string, roles: string | undefined, flags: RolesFlags) => {
      if ((roles === undefined) === (flags.none !== true)) throw new ConfigError("which roles? Give a list like editor,admin, or --none");
      await administer(flags, async (desk) => {
        const user = await findUser(desk, typed);
        stillThere(await officeAt(desk).setRoles(user, listOf(roles)));
        const { user: changed } = (await desk.store.users.byId(user.id)) ?? { user };
        await desk.audit({ event: "roles_set", userId: user.id, detail: { before: user.roles, after: changed.roles } });
        return {
          json: view(changed),
          text: `${user.email} has ${changed.roles.length === 0 ? "no roles" : changed.roles.join(", ")} from now on.`,
        };
      });
    });
}

function officeAt({ store, clock, config }: Desk): AccountOffice {
  return createAccountOffice({ users: store.users, clock, random: systemRandom, issuerHost: new URL(config.settings.issuer).hostname });
}

/** @throws Failure if the account has gone since it was found. */
function stillThere(known: boolean): void {
  if (!known) throw new Failure("the account has gone meanwhile: see coatcheck user list");
}

function taken(error: unknown): never {
  if (!(error instanceof CoatcheckError) || error.code !== "email_taken") throw error;
  throw new Failure("there is an account with this address already: see coatcheck user list", { cause: error });
}

/** A password that was made here is shown here, and nowhere again. */
function withMade({ json, text }: { readonly json: object; readonly text: string }, { password, made }: NewPassword): Report {
  return made ? { json: { ...json, password }, text: `${text}\nTheir password, shown this once: ${password}` } : { json, text };
}

function view(user: UserRecord): Readonly<Record<string, unknown>> {
  return { ...accountView(user), disabled: user.disabled };
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(",").map((item) => item.trim());
}
