import { ERRORS } from "../core/errors.ts";
import { OAUTH_ERRORS } from "../http/oauth-errors.ts";
import { html } from "./html.ts";
import { showPage } from "./respond.ts";
import type { Visit } from "./site.ts";

/** The catalogue: the `type` of every problem+json answer is the address of an entry here (RFC 9457 §3.1.1). It asks the API nothing. */
export async function getErrors(visit: Visit): Promise<Response> {
  const main = html`<h1>Errors</h1>
    <p class="soft">
      Every error that the API answers, by its stable <code>code</code>, with its status and what to do about it. The last ones are those of
      RFC 6749, which <code>/oauth</code> says as <code>error</code>.
    </p>
    ${Object.entries({ ...ERRORS, ...OAUTH_ERRORS }).map(
      ([code, { status, title, mend }]) =>
        html`<section class="card entry" id="${code}" aria-labelledby="${code}-code">
          <h2 id="${code}-code"><code>${code}</code> <span class="badge">${status}</span></h2>
          <p>${title}.</p>
          <p class="soft">${mend}</p>
        </section> `,
    )}`;
  return showPage(visit, { title: "Errors", main, shape: "sheet" });
}
