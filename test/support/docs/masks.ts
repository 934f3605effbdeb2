/** What is another on each machine and in each run, in what the documents show. */

const MASKS: ReadonlyArray<readonly [pattern: RegExp, mask: string]> = [
  [/"(emittedAtMs|durationMs)":\s*\d+/g, '"$1":0'],
  [/("userAgent":\s*"[^"(]*)\([^)]*\)/g, "$1(a system)"],
  [/("codexHome":\s*")[^"]*/g, "$1a home"],
  [/effect-app-server([@/])\d+\.\d+\.\d+/g, "effect-app-server$1version"],
  [/\bbubblewrap \d[\d.]* \(.*?\)/g, "bubblewrap"],
  [/\blinux (?:x64|arm64)\b/g, "linux"],
  [/touch: .*Read-only file system/g, "touch: Read-only file system"]
]

/** The text without any of it. */
export const mask = (text: string): string =>
  MASKS.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text)
