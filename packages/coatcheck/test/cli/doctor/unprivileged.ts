// The command, run by a user who owns nothing. All that it loads is loaded before: the project may lie where only root can read it.
import "../../../src/cli/doctor/gather.ts";
import { main } from "../../../src/cli/main.ts";

const NOBODY = 65_534;

if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
process.exitCode = await main(process.argv.slice(2));
