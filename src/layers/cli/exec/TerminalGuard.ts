/**
 * What mends the terminal when we cannot: a small shell that outlives a killed client by a moment. It holds the
 * terminal and one end of a pipe, whose other end the kernel closes with the client.
 */
import * as ChildProcess from "node:child_process"
import * as Effect from "effect/Effect"

/** The guard needs milliseconds; who waits for the terminal shall not wait for ever. */
const END_MS = 1000

/** Said at an orderly end. */
const ORDERLY = "orderly"

/**
 * Of what a program may have switched on and not off: the alternate screen, a hidden cursor, bracketed paste, mouse
 * and focus reports, keys in other codes, colours. The cursor is saved first: to leave a screen that was never entered
 * restores it on some terminals.
 */
const RESET = [
  "7", // save the cursor
  "[?1049l", // leave the alternate screen
  "[?25h", // show the cursor
  "[?2004l", // bracketed paste
  ...[9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016].map((mode) => `[?${mode}l`),
  "[?1l", // cursor keys
  ">", // keypad
  "[>4;0m", // codes of other keys
  "(B", // character set
  "[0m" // attributes
]
  .map((sequence) => `\\033${sequence}`)
  .join("")

/**
 * POSIX sh. `$1` is the state to go back to; the first line says which one we made of it: if there is another now, a
 * shell has the terminal back and made its own. The screen comes first, before a prompt is lost with the alternate one.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM TSTP TTIN TTOU
read -r ours
read -r end
[ "$end" = ${ORDERLY} ] && exit
printf '${RESET}\\015\\n'
now=$(stty -g <&3)
[ "\${ours:-$now}" = "$now" ] && stty "$1" <&3
`

export interface TerminalGuard {
  /** Tells it the state that the terminal is in now. */
  readonly made: (state: string) => void
  /** Waits for its end. After an orderly one of ours it does nothing. */
  readonly end: (orderly: boolean) => Effect.Effect<void>
}

/** Starts it for the terminal on stdin, before anything is done to that; `saved` is of `stty -g`. */
export const start = (saved: string): TerminalGuard => {
  const child = ChildProcess.spawn("/bin/sh", ["-c", SCRIPT, "terminal-guard", saved], {
    // no signal of the terminal, of our group or of the end of our session is for it
    detached: true,
    stdio: ["pipe", process.stdout.isTTY ? 1 : "ignore", "ignore", 0],
    cwd: "/"
  })
  child.on("error", () => {}) // then there is none
  child.stdin!.on("error", () => {})
  child.unref()
  return {
    made: (state) => void child.stdin!.write(`${state}\n`),
    end: (orderly) =>
      Effect.callback<void>((resume) => {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
          return resume(Effect.void)
        }
        child.once("exit", () => resume(Effect.void))
        child.stdin!.end(orderly ? `${ORDERLY}\n` : "")
      }).pipe(Effect.timeoutOption(END_MS), Effect.asVoid)
  }
}
