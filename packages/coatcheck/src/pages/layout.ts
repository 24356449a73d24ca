import { renderButton } from "./fields.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import type { Page } from "./respond.ts";
import type { Site } from "./site.ts";
import { STYLESHEET_ADDRESS } from "./styles.ts";

/** The mark: a coat-check tag with its eyelet and a tick. Decoration beside the name, so it has no name of its own. */
const MARK = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <path class="tag" d="M11 2h10l6 7v18a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V9z" />
  <circle class="hole" cx="16" cy="9" r="2.5" />
  <path class="tick" d="m10.500 20 4 4 7.500-8.500" />
</svg>`;

/** The same mark for the tab, as a `data:` address: one request less, and `img-src data:` is all it needs. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#1f5c50" fill-rule="evenodd" d="M11 2h10l6 7v18a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V9zm5 4.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z"/><path fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" d="m10.500 20 4 4 7.500-8.500"/></svg>',
)}`;

export function renderDocument(site: Site, { title, main, signedIn = false, shape = "ticket" }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Coatcheck</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${site.basePath}${STYLESHEET_ADDRESS}" />
      </head>
      <body class="${shape}">
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="${site.basePath}/">${MARK}Coatcheck</a>
          ${signedIn ? renderButton(site, "/sign-out", "quiet", "Sign out") : null}
        </header>
        <main id="main" tabindex="-1">${main}</main>
      </body>
    </html> `;
}
