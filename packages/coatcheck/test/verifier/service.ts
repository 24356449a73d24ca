import { createVerifier } from "../../src/verifier.ts";

// A service that has no store: it is given the issuer and its client credentials, and says what it makes of a token.

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", WHEN_STALE } = process.env;
const verifier = createVerifier({
  issuer: ISSUER,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
  whenStale: WHEN_STALE === "refuse" ? "refuse" : "introspect",
});

async function wordOf(token: string): Promise<string> {
  try {
    const it = await verifier.check({ authorization: `Bearer ${token}` });
    return it.ok ? `ok ${it.freshness.by}` : it.reason;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

process.on("message", ({ id, token }: { readonly id: number; readonly token: string }) => {
  void wordOf(token).then((word) => process.send?.({ id, word, env: Object.keys(process.env) }));
});
process.on("disconnect", () => {
  verifier.close();
});
