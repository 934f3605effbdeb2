/** How the program ends: by itself, when a signal asks it to, and at once when another signal insists. */
import * as Runtime from "effect/Runtime"

/** Those that ask a program to end. SIGQUIT is not one: it kills, and dumps core where that is switched on. */
const STOPS = ["SIGTERM", "SIGINT", "SIGHUP"] as const
export type Stop = (typeof STOPS)[number]

/**
 * What comes so soon behind the first signal is the same wish: on ^C a terminal tells npm and us, and npm passes on
 * what it is told.
 */
const SAME_WISH_MS = 500

/** As if it had never been caught. */
const die = (signal: Stop) => {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/**
 * Runs the program to its end. A signal interrupts it and, once it has cleaned up, is its end: exit code 0 for one
 * of `normal`, else death by that signal. A second one does not wait for the cleaning; the watchdog ends what is
 * left then.
 */
export const runMain = (normal: ReadonlySet<Stop>) =>
  Runtime.makeRunMain(({ fiber, teardown }) => {
    let first: { readonly signal: Stop; readonly at: number } | undefined
    const onSignal = (signal: Stop) => {
      if (first === undefined) {
        first = { signal, at: performance.now() }
        fiber.interruptUnsafe(fiber.id)
      } else if (performance.now() - first.at > SAME_WISH_MS) {
        die(signal)
      }
    }
    for (const signal of STOPS) process.on(signal, onSignal)
    fiber.addObserver((exit) =>
      teardown(exit, (code) => {
        if (first !== undefined && !normal.has(first.signal)) die(first.signal)
        // whoever still holds our stdin open must not hold us
        else process.exit(code)
      })
    )
  })
