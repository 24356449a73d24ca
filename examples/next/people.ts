import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const hash = promisify<string, Buffer, number, Buffer>(scrypt);

interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

async function person(id: string, name: string, password: string, roles: readonly string[]): Promise<Person> {
  const salt = randomBytes(16);
  return { id, name, email: `${name.toLowerCase()}@example.com`, roles, disabled: false, salt, hash: await hash(password, salt, 32) };
}

const nobody = await person("", "Nobody", randomBytes(16).toString("hex"), []);
const ada = await person("1", "Ada", "correct horse battery", ["editor"]);
const grace = await person("2", "Grace", "staple for a tin can", []);

/** The application's users table, by id: yours is in a database. */
export const people: ReadonlyMap<string, Person> = new Map([ada, grace].map((each) => [each.id, each]));

/** The application's own proof of who somebody is. An unknown address costs as much time as a known one. */
export async function prove(email: unknown, password: unknown): Promise<Person | null> {
  const found = [...people.values()].find((each) => each.email === email && !each.disabled) ?? nobody;
  const isRight = timingSafeEqual(await hash(String(password), found.salt, 32), found.hash);
  return isRight && found !== nobody ? found : null;
}
