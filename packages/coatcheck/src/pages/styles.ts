import { sha256 } from "../crypto/hash.ts";

/** Colours, light: warm paper, ink, and the green of a cloakroom's baize. Every pair that carries text has a contrast of 4.5 or more. */
const LIGHT = `--paper: #f5f2ec; --card: #fffdf9; --ink: #23272b; --soft: #5b6168; --line: #ded8cc; --edge: #85827a;
  --accent: #1f5c50; --accent-deep: #174840; --on-accent: #ffffff; --brass: #a9792c; --tint: #e8f0ec;
  --bad: #a1232f; --bad-tint: #fbecea; --shade: 0 1px 2px rgb(60 50 30 / 7%), 0 12px 32px rgb(60 50 30 / 7%);`;

/** The same at night. */
const DARK = `--paper: #141719; --card: #1d2124; --ink: #ebe8e2; --soft: #a9adb0; --line: #343a3e; --edge: #7c8388;
  --accent: #8ccdbb; --accent-deep: #a9dccd; --on-accent: #0f2520; --brass: #d3a75f; --tint: #20322d;
  --bad: #f2a5a5; --bad-tint: #3a2225; --shade: 0 1px 2px rgb(0 0 0 / 30%), 0 12px 32px rgb(0 0 0 / 25%);`;

/**
 * The one stylesheet: small, no font and no image to fetch. A single form stands on a ticket, with the perforation of a coat check above its stub;
 * what is read stands on a sheet.
 */
export const STYLESHEET = `:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }

*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3, p, ul { margin: 0; padding: 0; }
h1, .brand { font-family: ui-serif, "Iowan Old Style", Charter, Georgia, "Times New Roman", serif; font-weight: 600; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.35; }
h3 { font-size: 1rem; line-height: 1.4; }
code { font: 0.9375em/1.4 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
a:hover { color: var(--accent-deep); text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }
.soft, .hint { color: var(--soft); font-size: 0.9375rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; top: 0.5rem; left: 0.5rem; z-index: 1; padding: 0.5rem 1rem; border-radius: 0.5rem; background: var(--card); }
.skip:not(:focus) { width: 1px; height: 1px; padding: 0; overflow: hidden; clip-path: inset(50%); }

header { display: flex; align-items: center; justify-content: space-between; gap: 1rem; width: min(100%, 44rem); margin: 0 auto; padding: 1.25rem 1rem; }
.brand { display: inline-flex; align-items: center; gap: 0.5rem; padding: 0.25rem 0; border-radius: 0.25rem; color: var(--ink); font-size: 1.25rem; text-decoration: none; }
.brand:hover { color: var(--accent); }
.mark { width: 1.75rem; height: 1.75rem; transform: rotate(-6deg); }
.mark .tag { fill: var(--accent); }
.mark .hole { fill: var(--paper); stroke: var(--brass); stroke-width: 1.5; }
.mark .tick { fill: none; stroke: var(--on-accent); stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }

main { display: grid; gap: 1.25rem; width: min(100%, 44rem); margin: 0 auto; padding: 0.5rem 1rem 4rem; }
.ticket header { width: min(100%, 27rem); justify-content: center; padding-top: clamp(1.5rem, 8vh, 5rem); }
.ticket header:has(form) { justify-content: space-between; }
.ticket main { width: min(100% - 2rem, 25rem); padding: 2rem clamp(1.25rem, 6vw, 2rem); margin-bottom: 3rem; }
.ticket main, .card { border: 1px solid var(--line); border-radius: 1rem; background: var(--card); box-shadow: var(--shade); }
.card { display: grid; gap: 0.75rem; padding: clamp(1.125rem, 4vw, 1.5rem); }
.card > p { max-width: 60ch; }
.person { gap: 0.25rem; }
.person p { display: flex; flex-wrap: wrap; gap: 0 1rem; }

.stub { position: relative; margin: 0.5rem calc(-1 * clamp(1.25rem, 6vw, 2rem)) -0.5rem; padding: 1.5rem clamp(1.25rem, 6vw, 2rem) 0; border-top: 2px dashed var(--line); text-align: center; }
.stub::before, .stub::after { content: ""; position: absolute; top: -0.6875rem; width: 1.25rem; height: 1.25rem; border: 1px solid var(--line); border-radius: 50%; background: var(--paper); }
.stub::before { left: -0.6875rem; clip-path: inset(0 0 0 50%); }
.stub::after { right: -0.6875rem; clip-path: inset(0 50% 0 0); }

form { display: grid; gap: 1.125rem; }
.field { display: grid; gap: 0.375rem; }
label { font-weight: 600; }
label .soft { font-weight: 400; }
input:not([type=hidden]) { width: 100%; min-height: 3rem; padding: 0.625rem 0.875rem; border: 1px solid var(--edge); border-radius: 0.625rem; background: var(--card); color: inherit; font: inherit; }
input[hidden] { display: none; }
input:focus-visible { border-color: var(--accent); outline-width: 2px; outline-offset: 1px; }
input[aria-invalid] { border: 2px solid var(--bad); }
.card input:not([type=hidden]) { max-width: 25rem; }
button { min-height: 2.75rem; overflow-wrap: normal; padding: 0.5rem 1.125rem; border: 1px solid var(--edge); border-radius: 0.625rem; background: transparent; color: var(--ink); font: inherit; font-weight: 600; cursor: pointer; transition: background-color 120ms, border-color 120ms; }
button:hover { background: var(--tint); border-color: var(--accent); }
.primary { min-height: 3rem; border-color: transparent; background: var(--accent); color: var(--on-accent); }
.primary:hover { background: var(--accent-deep); border-color: transparent; }
.card .primary { justify-self: start; }
.danger { border-color: var(--bad); color: var(--bad); }
.danger:hover { background: var(--bad-tint); border-color: var(--bad); }

.error { color: var(--bad); font-weight: 600; font-size: 0.9375rem; }
.alert, .note { padding: 0.75rem 1rem; border-left: 4px solid; border-radius: 0.5rem; }
.alert { border-color: var(--bad); background: var(--bad-tint); color: var(--bad); font-weight: 600; }
.note { border-color: var(--accent); background: var(--tint); }
.badge { display: inline-block; padding: 0.0625rem 0.5rem; border: 1px solid var(--accent); border-radius: 1rem; background: var(--tint); color: var(--accent); font-size: 0.8125rem; font-weight: 600; vertical-align: 0.0625rem; white-space: nowrap; }

.devices { display: grid; list-style: none; }
.device { display: flex; align-items: start; justify-content: space-between; gap: 1rem; padding: 1rem 0; border-top: 1px solid var(--line); }
.device > div { min-width: 0; }
.device > form { flex: none; }
.device p { font-size: 0.9375rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.entry { gap: 0.25rem; scroll-margin-top: 1rem; }
.entry:target { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }

@media (max-width: 30rem) { .actions, .actions form, .actions button { display: grid; width: 100%; } .card .primary { justify-self: stretch; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) {
  .stub::before, .stub::after { display: none; }
  .mark .tag { fill: CanvasText; } .mark .hole { fill: Canvas; stroke: Canvas; } .mark .tick { stroke: Canvas; }
  .alert, .note, .badge { border: 1px solid; }
}
@media print { header form, .actions, button { display: none; } .ticket main, .card { box-shadow: none; } }
`;

/** Below the base path. The query names the content, so a new stylesheet is a new address. */
export const STYLESHEET_ADDRESS = `/assets/coatcheck.css?v=${Buffer.from(sha256(STYLESHEET)).toString("base64url").slice(0, 16)}`;
