import { addClient } from "../../src/accounts/clients.ts";
import { systemClock } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { postgres } from "../../src/stores/postgres/index.ts";

/** A client for services, as an operator would add one. @param address of the database. */
export async function makeClient(address: string, issuer: string): Promise<{ readonly id: string; readonly secret: string }> {
  const store = postgres(address);
  await store.open();
  const newClient = { name: "Service", scopes: [], audiences: [issuer] };
  const { client, secret } = await addClient({ clients: store.clients, clock: systemClock, random: systemRandom }, newClient);
  await store.close();
  return { id: client.id, secret };
}
