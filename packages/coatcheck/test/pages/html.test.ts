import { expect, test } from "vitest";
import { html } from "../../src/pages/html.ts";

test("escapes the five characters in content and in attributes", () => {
  const evil = `"><script>alert('&')</script>`;
  expect(html`<p title="${evil}">${evil}</p>`.toString()).toBe(
    `<p title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</p>`,
  );
});

test("takes markup of its own as it is, lists as their members and null as nothing", () => {
  expect(html`<b>${["<", html`<i>x</i>`, 7, null]}</b>`.toString()).toBe("<b>&lt;<i>x</i>7</b>");
});

test("escapes an object that only looks like markup", () => {
  const fake = { toString: () => "<b>" } as unknown as string;
  expect(() => html`<p>${fake}</p>`).toThrow(TypeError);
});
