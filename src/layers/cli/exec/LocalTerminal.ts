/** The terminal that we were started on, lent to the command on the server: its size, its keys, its name. */
import * as ChildProcess from "node:child_process"
import * as tty from "node:tty"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandExecTerminalSize } from "../../../rpc/CommandExec.ts"
import { NoTerminal } from "./ExecEnd.ts"
import * as TerminalGuard from "./TerminalGuard.ts"

/** It takes milliseconds, but a terminal may be stopped, and then it would wait. */
const STTY_MS = 1000

/** What stty says of the terminal on stdin, or nothing where it has none or fails. */
const stty = (...words: ReadonlyArray<string>): string | undefined => {
  const { status, stdout } = ChildProcess.spawnSync("stty", words, {
    stdio: [0, "pipe", "ignore"],
    encoding: "utf8",
    timeout: STTY_MS
  })
  return status === 0 ? stdout.trim() : undefined
}

/** Nothing where the terminal does not know it. */
export const size = (): CommandExecTerminalSize | undefined => {
  const [rows = 0, cols = 0] = stty("size")?.split(" ").map(Number) ?? []
  return rows > 0 && cols > 0 ? { rows, cols } : undefined
}

/** Fails where there is no terminal to lend. */
export const check: Effect.Effect<void, NoTerminal> = Effect.suspend(() =>
  tty.isatty(0)
    ? Effect.void
    : Effect.fail(
        new NoTerminal({ message: "--tty needs a terminal on stdin; run it on one, or leave --tty out" })
      )
)

/**
 * Passes on each key as it is, ^C too, and each byte of output, until the Scope closes. After a failure the screen is
 * put in order as well, which the program on the server could not do.
 */
export const raw: Effect.Effect<void, NoTerminal, Scope.Scope> = Effect.asVoid(
  Effect.acquireRelease(
    Effect.suspend(() => {
      const saved = stty("-g")
      if (saved === undefined) {
        return Effect.fail(new NoTerminal({ message: "--tty needs stty, which fails here; leave --tty out" }))
      }
      const guard = TerminalGuard.start(saved)
      // that of Node leaves some output processing on, and the server's terminal has done all of it
      stty("raw", "-echo", "-iexten")
      guard.made(stty("-g") ?? "")
      return Effect.succeed({ guard, saved })
    }),
    ({ guard, saved }, exit) =>
      Effect.suspend(() => {
        stty(saved)
        return guard.end(Exit.isSuccess(exit))
      })
  )
)

/** Its size now, and each one that it gets. */
export const sizes: Stream.Stream<CommandExecTerminalSize> = Stream.callback<void>(
  (queue) => {
    const changed = () => void Queue.offerUnsafe(queue, undefined)
    return Effect.acquireRelease(
      Effect.sync(() => {
        process.on("SIGWINCH", changed)
        changed()
      }),
      () => Effect.sync(() => void process.off("SIGWINCH", changed))
    )
  },
  { bufferSize: 1, strategy: "sliding" }
).pipe(
  Stream.map(size),
  Stream.filter((size) => size !== undefined)
)
