/**
 * The native half of node-pty. Its JavaScript half adds TERM and PWD to every environment, spins on a full
 * terminal, and loses output at the end (see `TerminalProcess`), so only the addon is used.
 */
import { createRequire } from "node:module"
import * as path from "node:path"

/** What `pty.node` exports, as far as it is used; checked when it is loaded. */
export interface PtyAddon {
  readonly fork: (
    file: string,
    args: ReadonlyArray<string>,
    env: ReadonlyArray<string>,
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void
  ) => { readonly fd: number; readonly pid: number; readonly pty: string }
  /** Both sides do not block. */
  readonly open: (
    cols: number,
    rows: number
  ) => { readonly master: number; readonly slave: number; readonly pty: string }
  readonly resize: (fd: number, cols: number, rows: number, pixelWidth: number, pixelHeight: number) => void
  /** Program that macOS needs in between. */
  readonly helperPath: string
}

let loaded: PtyAddon | undefined

/** Loads the addon on first use. Throws where node-pty has no prebuilt one and none was compiled. */
export const load = (): PtyAddon => {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  const utils = require.resolve("node-pty/lib/utils.js")
  const { dir, module } = (
    require(utils) as { loadNativeModule: (name: string) => { dir: string; module: Partial<PtyAddon> } }
  ).loadNativeModule("pty")
  const { fork, open, resize } = module
  if (
    typeof fork !== "function" ||
    fork.length > 11 ||
    typeof open !== "function" ||
    typeof resize !== "function"
  ) {
    throw new Error("this version of node-pty has another addon than expected")
  }
  return (loaded = { fork, open, resize, helperPath: path.resolve(path.dirname(utils), dir, "spawn-helper") })
}
