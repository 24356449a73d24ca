import { expect } from "vitest";
import { readConfig } from "../../src/config/read.ts";
import type { ConfigSources, ServerConfig } from "../../src/config/read.ts";
import { ConfigError } from "../../src/core/errors.ts";

export const HTTPS = "https://login.example.com";

export function read(sources: Partial<ConfigSources> = {}): ServerConfig {
  return readConfig({ flags: {}, env: {}, ...sources });
}

/** The one line that a refusal says. */
export function refusal(sources: Partial<ConfigSources>): string {
  try {
    read(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message, "one line").not.toMatch(/[\r\n]/);
    return message;
  }
  throw new Error(`was accepted: ${JSON.stringify(sources)}`);
}
