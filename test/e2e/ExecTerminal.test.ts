/**
 * `exec --tty` on a terminal, which it gets from our own server: a command there is a shell that starts the client,
 * and what we write and read is the keyboard and the screen of whoever would sit in front of it.
 */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AppServerClient } from "../../src/services/AppServerClient.ts"
import { clientTargets, layerOf } from "../support/clientTargets.ts"
import { CLIENT_MS } from "../support/execClient.ts"
import { MAIN, until } from "../support/harness.ts"

const INFO = { clientInfo: { name: "test", version: "1" } }
const isAlive = (pid: number) => fs.existsSync(`/proc/${pid}`)
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** Processes with these words, as far as we may look. */
const withWords = (words: string) =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(words)
      } catch {
        return false
      }
    })
    .map(Number)

const parentOf = (pid: number) => {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
  } catch {
    return undefined
  }
}

/** What programs that own the screen switch on, and what a killed one leaves for others to switch off. */
const SCREEN = "\\033[?1049h\\033[?25l\\033[?2004h\\033[?1003h\\033[31m"
const RESET = ["[?1049l", "[?25h", "[?2004l", "[?1003l", "[0m"].map((sequence) => `\u001b${sequence}`)

const [ours] = clientTargets
const remotes = clientTargets.filter(({ name }) => name.endsWith("over a WebSocket"))

/** A terminal, with a shell on it that has no line editor which would mend it by itself. */
const terminal = Effect.gen(function* () {
  const { target } = yield* ours!.start
  const client = yield* Effect.provide(AppServerClient.make(INFO), layerOf(target))
  const shell = yield* client.exec({
    command: ["sh"],
    tty: true,
    size: { rows: 30, cols: 100 },
    env: { PS1: "$ ", TERM: "vt220", ENV: null },
    disableTimeout: true,
    disableOutputCap: true
  })
  let screen = ""
  yield* Effect.forkScoped(
    Stream.runForEach(shell.output, ({ bytes }) =>
      Effect.sync(() => (screen += Buffer.from(bytes).toString("latin1")))
    )
  )
  const shows = (pattern: RegExp) =>
    until(String(pattern), CLIENT_MS, () => pattern.exec(screen) ?? undefined).pipe(
      Effect.mapError((error) => new Error(`${error.message} in ${JSON.stringify(screen)}`))
    )
  const type = (text: string) => shell.write(text)
  let asked = 0
  return {
    type,
    shows,
    resize: shell.resize,
    screen: () => screen,
    clear: () => (screen = ""),
    /** What stty says, asked when a prompt waits. */
    stty: Effect.suspend(() => {
      const id = ++asked
      return type(`echo state${id}="$(stty -g)" END\n`).pipe(
        Effect.andThen(shows(new RegExp(`state${id}=(\\S+) END\r\n`))),
        Effect.map((match) => match[1]!)
      )
    })
  }
})

describe.each(remotes)("exec --tty on $name", ({ start: startTarget }) => {
  const session = Effect.gen(function* () {
    const { kill, target } = yield* startTarget
    const own = yield* terminal
    yield* own.shows(/\$ /)
    const before = yield* own.stty
    const words = `${MAIN} exec --url ${String(target)} --tty`
    const client = until("the client", CLIENT_MS, () => withWords(words)[0])
    const start = (words: string) =>
      own.type(
        `${quoted(process.execPath)} ${quoted(MAIN)} exec --url ${String(target)} --tty ${words}; echo code=$?\n`
      )
    return {
      ...own,
      kill,
      before,
      /** The process of the client, and of its guard. */
      client,
      guard: Effect.flatMap(client, (client) =>
        until("the guard", CLIENT_MS, () =>
          withWords("terminal-guard").find((pid) => parentOf(pid) === client)
        )
      ),
      /** Types the start of a client, which runs a command, or a script. */
      start,
      run: (script: string, flags = "") => start(`${flags} -- sh -c ${quoted(script)}`)
    }
  })
  it.live("gives the command a terminal of our size and name, and its exit code back", () =>
    Effect.gen(function* () {
      const { before, resize, run, shows, stty, type } = yield* session
      yield* run(
        "echo $TERM $(stty size); trap 'stty size; exit 7' WINCH; echo ready; while read x; do :; done"
      )
      yield* shows(/vt220 30 100\r\n/)
      yield* shows(/ready\r\n/)
      yield* resize({ rows: 31, cols: 101 })
      yield* shows(/31 101\r\n/)
      yield* type("\r") // some shells run a trap only then
      yield* shows(/code=7\r\n/)
      assert.strictEqual(yield* stty, before)
      yield* run("echo $TERM.", "--env TERM=dumb")
      yield* shows(/dumb\.\r\n/)
    })
  )

  it.live("passes each key as it is, and each byte of output", () =>
    Effect.gen(function* () {
      const { before, run, screen, shows, stty, type } = yield* session
      yield* run("stty raw -echo; printf 'go\\n\\r\\n'; dd bs=1 count=7 2>/dev/null | od -An -tx1")
      yield* shows(/go\n\r\n/)
      assert.notInclude(screen(), "go\r\n")
      yield* type("\u0003\u001a\u0011\u0013\u0016\r\u007f")
      yield* shows(/03 1a 11 13 16 0d 7f/)
      yield* shows(/code=0\r\n/)
      assert.strictEqual(yield* stty, before)
    })
  )

  it.live("leaves ^C and ^D to the terminal of the command", () =>
    Effect.gen(function* () {
      const { before, run, shows, stty, type } = yield* session
      yield* run("trap 'echo interrupted' INT; echo ready; cat; echo end; exit 3")
      yield* shows(/ready\r\n/)
      yield* type("\u0003")
      yield* shows(/interrupted\r\n/)
      yield* shows(/code=3\r\n/)
      yield* run("echo again; cat; exit 4")
      yield* shows(/again\r\n/)
      yield* type("\u0004")
      yield* shows(/code=4\r\n/)
      assert.strictEqual(yield* stty, before)
    })
  )

  it.live("touches the screen of a command that ends by itself no more, and leaves no guard", () =>
    Effect.gen(function* () {
      const { guard, run, screen, shows, type } = yield* session
      yield* run(`printf '${SCREEN}on%s.' 1; read x; printf off`)
      yield* shows(/on1\./)
      const pid = yield* guard
      yield* type("\r")
      yield* shows(/code=0\r\n/)
      assert.isFalse(isAlive(pid))
      assert.notInclude(screen(), RESET[0]!)
    })
  )

  it.live("puts terminal and screen in order when it is told to end", () =>
    Effect.gen(function* () {
      const { before, client, clear, guard, run, screen, shows, stty, type } = yield* session
      for (const [signal, code] of [
        ["SIGTERM", 143],
        ["SIGHUP", 129],
        ["SIGINT", 130]
      ] as const) {
        yield* run(`printf '${SCREEN}pid%s.${signal}' $$; exec sleep 1000`)
        const [, pid] = yield* shows(new RegExp(`pid(\\d+)\\.${signal}`))
        const guarding = yield* guard
        clear()
        process.kill(yield* client, signal)
        yield* shows(/\$ $/)
        // as after a local command, SIGINT ends the whole line
        yield* type("echo ended=$?\n")
        yield* shows(signal === "SIGINT" ? /ended=130\r\n/ : new RegExp(`code=${code}\r\n[^]*ended=0\r\n`))
        assert.isFalse(isAlive(guarding))
        for (const sequence of RESET) assert.include(screen(), sequence)
        assert.strictEqual(yield* stty, before)
        yield* until("the end of the command", CLIENT_MS, () => !isAlive(Number(pid)) || undefined)
      }
    })
  )

  it.live("puts them in order when it is killed, too", () =>
    Effect.gen(function* () {
      const { before, client, guard, run, screen, shows, stty, type } = yield* session
      yield* run(`printf '${SCREEN}pid%s.' $$; exec sleep 1000`)
      const [, pid] = yield* shows(/pid(\d+)\./)
      const guarding = yield* guard
      process.kill(yield* client, "SIGKILL")
      yield* shows(/code=137/)
      yield* until("the end of the guard", CLIENT_MS, () => !isAlive(guarding) || undefined)
      // what a shell types to itself is echoed again
      yield* type("echo x''y\n")
      yield* shows(/echo x''y\r\nxy\r\n/)
      for (const sequence of RESET) assert.include(screen(), sequence)
      assert.strictEqual(yield* stty, before)
      yield* until("the end of the command", CLIENT_MS, () => !isAlive(Number(pid)) || undefined)
    })
  )

  it.live("leaves a terminal alone that somebody else has set before the guard could", () =>
    Effect.gen(function* () {
      const { client, guard, run, shows, type } = yield* session
      yield* run("echo up=$$; exec sleep 1000")
      yield* shows(/up=\d+\r\n/)
      const guarding = yield* guard
      process.kill(guarding, "SIGSTOP")
      process.kill(yield* client, "SIGKILL")
      yield* shows(/code=137/)
      yield* type("stty sane -echo\n")
      yield* type("echo set=$(stty -g).\n")
      const [, set] = yield* shows(/set=(\S+)\./)
      process.kill(guarding, "SIGCONT")
      yield* until("the end of the guard", CLIENT_MS, () => !isAlive(guarding) || undefined)
      yield* type("echo now=$(stty -g).\n")
      const [, now] = yield* shows(/now=(\S+)\./)
      assert.strictEqual(now, set)
    })
  )

  it.live("puts them in order when the connection is lost, and says so", () =>
    Effect.gen(function* () {
      const { before, kill, run, screen, shows, stty } = yield* session
      yield* run(`printf '${SCREEN}on%s.' 1; exec sleep 1000`)
      yield* shows(/on1\./)
      kill()
      yield* shows(/\r\nError: the connection is lost, and with it the command: [^\r\n]+\r\ncode=255\r\n/)
      for (const sequence of RESET) assert.include(screen(), sequence)
      assert.strictEqual(yield* stty, before)
      yield* run("echo never")
      yield* shows(/Error: cannot connect to [^\r\n]+\r\ncode=255\r\n/)
      assert.strictEqual(yield* stty, before)
    })
  )

  it.live("says what is wrong on a terminal as it was", () =>
    Effect.gen(function* () {
      const { before, screen, shows, start, stty } = yield* session
      yield* start("/nonexistent")
      yield* shows(/Error: cannot start \/nonexistent on the server: [^\r\n]+\r\ncode=127\r\n/)
      assert.notInclude(screen(), RESET[0]!)
      assert.strictEqual(yield* stty, before)
    })
  )
})
