import { SETTING_NAMES, SETTINGS } from "../../packages/coatcheck/src/config/table.ts";
import type { SettingName } from "../../packages/coatcheck/src/config/table.ts";
import { code, GENERATED, page, table } from "./markdown.ts";

/** Every setting, from the table that reads them. */
export function configuration(): string {
  return page(
    "# Configuration",
    GENERATED,
    `A flag wins over the environment, that over \`coatcheck.config.json\` in the folder that the server is started in, that over the default. The library's
options have the names of the file's keys. Something of ours that is unknown is refused, with the nearest right name, and so is an empty variable: a
misspelt setting would leave its default in force without a word. Every refusal is one line that says where the value stands and what would be right.`,
    `Durations are written \`30s\`, \`15m\`, \`7d\` (\`ms\`, \`s\`, \`m\`, \`h\`, \`d\`).`,
    table(
      ["flag", "environment", "file", "option", "default"],
      SETTING_NAMES.map((name) => {
        const { flag, env, key, otherwise } = SETTINGS[name];
        const [file, option] = [
          ["file", "both"],
          ["option", "both"],
        ].map((keys) => (keys.includes(key) ? code(name) : ""));
        return [flag === null ? "" : code(flag), env === null ? "" : code(env), file ?? "", option ?? "", otherwise];
      }),
    ),
    ...SETTING_NAMES.map(setting),
    "## In a file",
    "```json\n" +
      JSON.stringify(
        { port: 8080, issuer: "https://login.example.com", secretFile: "/run/secrets/coatcheck", origins: ["https://app.example.com"] },
        null,
        2,
      ) +
      "\n```",
    "Secrets have no place in it: it names the file that holds them.",
  );
}

function setting(name: SettingName): string {
  const { flag, env, doc, otherwise, parse } = SETTINGS[name];
  return page(
    `## ${code(flag ?? env ?? name)}`,
    `${env === null || flag === null ? "" : `${code(env)}. `}${sentence(doc)} Takes ${parse.accepts}. Default: ${otherwise}.`.replaceAll(
      "<",
      String.raw`\<`,
    ),
  ).trimEnd();
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
