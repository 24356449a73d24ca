import type { Command } from "commander";
import type { ServerConfig } from "../config/read.ts";
import { ConfigError } from "../core/errors.ts";
import { leaf, withSettings } from "./command.ts";
import type { Flags } from "./command.ts";
import { failBy } from "./doctor/check.ts";
import { doctorReport, examine } from "./doctor/report.ts";
import { conclude } from "./output.ts";
import { configFor } from "./settings.ts";
import type { Report } from "./output.ts";

export function doctorCommand(): Command {
  const command = leaf(
    "doctor",
    "Looks whether this set-up is safe and in reach. Give it the flags, the environment and the folder that the server has.",
    "coatcheck doctor --store sqlite:/srv/app/coatcheck.db --issuer https://login.example.com",
  );
  return withSettings(command)
    .option("--json", "print JSON")
    .action(async (flags: Flags) => conclude(await diagnose(flags), flags["json"] === true));
}

async function diagnose(flags: Flags): Promise<Report> {
  let config: ServerConfig;
  try {
    config = configFor(flags);
  } catch (error) {
    // Here what is set wrongly is what was asked about.
    if (!(error instanceof ConfigError)) throw error;
    return doctorReport([{ check: "settings", ...failBy(error.message) }]);
  }
  const { gather } = await import("./doctor/gather.ts");
  return doctorReport(examine(await gather(config)));
}
