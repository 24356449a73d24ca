import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { request as forward } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

// Browsers keep the rules of `__Host-` on https alone: so a proxy as it stands in front of a real server, with a certificate that nobody signed.

/** DER (X.690 §8): a tag, a length, a value. */
function der(tag: number, ...values: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(values);
  const [high, low] = [value.length >> 8, value.length & 0xff];
  // In as few bytes as it takes.
  const length = high > 0 ? [0x82, high, low] : low > 127 ? [0x81, low] : [low];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

const SEQUENCE = 0x30;
const ECDSA_WITH_SHA256 = der(SEQUENCE, Buffer.from("06082a8648ce3d040302", "hex"));
const COMMON_NAME = Buffer.from("0603550403", "hex");

/** A self-signed certificate (RFC 5280 §4.1), as small as one can be. */
export function selfSigned(commonName = "test"): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
  const validity = der(SEQUENCE, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));
  const version3 = der(0xa0, der(0x02, Buffer.of(2)));
  const spki = publicKey.export({ format: "der", type: "spki" });
  const body = der(SEQUENCE, version3, der(0x02, Buffer.of(1)), ECDSA_WITH_SHA256, name, validity, name, spki);
  const whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), sign("sha256", body, privateKey)));
  const base64 = whole.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

/** What another site answers. */
export type OtherSite = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface Front {
  readonly port: number;
  /** What was forwarded, as it came. */
  readonly heard: readonly { readonly path: string; readonly cookie: string | undefined }[];
  close(): Promise<void>;
}

/** Speaks https on a free port: `host` is passed on to `target`, every other name is `others`. */
export async function startFront(host: string, target: string, others: OtherSite): Promise<Front> {
  const heard: { readonly path: string; readonly cookie: string | undefined }[] = [];
  const server = createServer(selfSigned(), (incoming, outgoing) => {
    if (incoming.headers.host !== host) return others(incoming, outgoing);
    const { method, url: path = "", headers } = incoming;
    heard.push({ path, cookie: headers.cookie });
    const passed = forward(target + path, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
