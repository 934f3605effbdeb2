/**
 * What the documents speak of already, and what is to come with pages and features that are being written. A test
 * fails as soon as one of them is there, so that it goes from here.
 */

/** Pages, from the root of the repository. */
export const AWAITED_FILES: ReadonlySet<string> = new Set(["docs/exec.md"])

/** Command lines that the program does not take yet. */
export const AWAITED_COMMANDS: ReadonlySet<string> = new Set([
  "effect-app-server exec --url ws://127.0.0.1:4500 --tty -- bash"
])

/** Flags that its help does not have yet. */
export const AWAITED_FLAGS: ReadonlySet<string> = new Set()

/** Scripts that package.json does not have yet. */
export const AWAITED_SCRIPTS: ReadonlySet<string> = new Set()
