/** Terminals by node-pty's addon, where native calls cannot be made. */
import type { ProcessHost } from "./ProcessHost.ts"
import type { StartPty } from "./Pty.ts"
import * as PtyFork from "./PtyFork.ts"
import * as PtyLaunch from "./PtyLaunch.ts"

export const make =
  (host: ProcessHost): StartPty =>
  (request) => {
    const { launcher } = request.spec
    return launcher === undefined ? PtyFork.fork(host, request) : PtyLaunch.launch(host, request, launcher)
  }
