import type { CarrierName } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import { callApi } from "./api.ts";
import type { Session, User } from "./api.ts";
import { renderButton, renderForm, renderNote } from "./fields.ts";
import { takeFlash } from "./flash.ts";
import type { Flash } from "./flash.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { PASSWORD_FORM } from "./password.ts";
import { showRefusal } from "./problem.ts";
import { showPage } from "./respond.ts";
import type { Site, Visit } from "./site.ts";
import { agoOf, dateOf, momentOf } from "./when.ts";

/** The carriers in plain words. */
const CARRIERS: Readonly<Record<CarrierName, string>> = { cookie: "Website", token: "App" };

export async function getAccount(visit: Visit): Promise<Response> {
  const me = await callApi<{ readonly user: User }>(visit, { method: "GET", path: "/auth/me" });
  if (!me.ok) return showRefusal(visit, me, null);
  const list = await callApi<{ readonly sessions: readonly Session[] }>(visit, { method: "GET", path: "/auth/sessions" });
  if (!list.ok) return showRefusal(visit, list, null, [me]);
  const { flash, setCookies } = takeFlash(visit, "/account");
  const main = html`<h1>Your account</h1>
    ${renderNote(flash)} ${renderPerson(me.body.user)} ${renderDevices(visit.site, list.body.sessions, visit.site.clock.now())}
    ${renderPassword(visit.site, me.body.user, flash)}`;
  const title = flash.code === undefined ? "Your account" : "Error: Your account";
  return showPage(visit, { title, main, signedIn: true, shape: "sheet" }, { effects: [me, list], setCookies });
}

function renderPerson({ name, email, createdAt }: User): Html {
  return html`<section class="card person" aria-labelledby="person">
    <h2 id="person">${name === "" ? email : name}</h2>
    <p>${name === "" ? null : html`<span>${email}</span> `}<span class="soft">Here since ${dateOf(createdAt)}</span></p>
  </section>`;
}

function renderDevices(site: Site, sessions: readonly Session[], now: Instant): Html {
  const alone = sessions.every(({ current }) => current === true);
  return html`<section class="card" aria-labelledby="devices">
    <h2 id="devices">Devices</h2>
    <p class="soft">Everywhere that you are signed in. End what you do not know, then change your password.</p>
    <ul class="devices" role="list">
      ${sessions.map((session) => renderDevice(site, session, now))}
    </ul>
    <div class="actions">
      ${alone ? null : renderButton(site, "/account/end-others", "quiet", "Sign out all other devices")}
      ${renderButton(site, "/account/end-all", "danger", "Sign out everywhere")}
    </div>
  </section>`;
}

function renderDevice(site: Site, { sid, carrier, createdAt, lastSeenAt, device, current }: Session, now: Instant): Html {
  const here = current === true;
  // Out of sight, the button names its device: a list of buttons that all say "End" tells a screen reader nothing.
  const label = html`End<span class="unseen"> ${device.label}, signed in ${momentOf(createdAt)}</span>`;
  return html`
    <li class="device">
      <div>
        <h3>${device.label}${here ? html` <span class="badge">This one</span>` : null}</h3>
        <p>${CARRIERS[carrier]} <span aria-hidden="true">·</span> ${device.ip === "" ? "address unknown" : device.ip}</p>
        <p class="soft">Last active ${agoOf(lastSeenAt, now)}</p>
        <p class="soft">Signed in ${momentOf(createdAt)}</p>
      </div>
      ${here ? null : renderButton(site, "/account/end", "quiet", label, html`<input type="hidden" name="sid" value="${sid}" />`)}
    </li>
  `;
}

function renderPassword(site: Site, { email }: User, flash: Flash): Html {
  // Without a name: for password managers, not for us.
  const hidden = html`<input type="email" autocomplete="username" value="${email}" readonly hidden />`;
  return html`<section class="card" aria-labelledby="password">
    <h2 id="password">Password</h2>
    <p class="soft">A new password signs out every device but this one.</p>
    ${renderForm(site, PASSWORD_FORM, flash, hidden)}
  </section>`;
}
