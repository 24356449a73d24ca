import type { Device } from "../core/session.ts";

/** As much of a `User-Agent` as is kept. */
const LONGEST = 512;

/** Words for what a `User-Agent` contains; the first that fits wins: most browsers also name the ones that they descend from. */
const BROWSERS = [
  ["Edg/", "Edge"],
  ["EdgA/", "Edge"],
  ["EdgiOS/", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["Vivaldi/", "Vivaldi"],
  ["Firefox/", "Firefox"],
  ["FxiOS/", "Firefox"],
  ["CriOS/", "Chrome"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;

const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["CrOS", "ChromeOS"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
] as const;

/** Programs that name themselves first and nothing else. */
const TOOLS = [
  ["curl/", "curl"],
  ["Wget/", "Wget"],
  ["HTTPie/", "HTTPie"],
  ["PostmanRuntime/", "Postman"],
  ["python-requests/", "Python"],
  ["Python-urllib/", "Python"],
  ["Go-http-client/", "Go"],
  ["okhttp/", "OkHttp"],
  ["node", "Node.js"],
] as const;

/** What the owner of a session sees of where it was opened. */
export function describeDevice(userAgent: string | null, ip: string): Device {
  const kept = (userAgent ?? "").replace(/\p{Cc}/gu, "").slice(0, LONGEST);
  return { label: labelOf(kept), userAgent: kept, ip };
}

function labelOf(userAgent: string): string {
  const tool = TOOLS.find(([start]) => userAgent.startsWith(start));
  if (tool !== undefined) return tool[1];
  const browser = BROWSERS.find(([mark]) => userAgent.includes(mark))?.[1];
  const system = SYSTEMS.find(([mark]) => userAgent.includes(mark))?.[1];
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  return system === undefined ? "Unknown device" : `Unknown browser on ${system}`;
}
