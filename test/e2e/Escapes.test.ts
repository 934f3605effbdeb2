/**
 * What a command may try to get out of its sandbox. Each attempt is made without one first, where it works (else it
 * would prove nothing), and then inside, where it fails and nothing is different outside.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { ATTEMPTS, HAS_KOFFI, HAS_USER_NAMESPACES, TERMINAL_ATTEMPTS } from "../support/escapes/attempts.ts"
import { CONFINED, OPEN, Outcomes } from "../support/escapes/Outcomes.ts"
import * as Protected from "../support/escapes/protected.ts"
import * as World from "../support/escapes/World.ts"
import {
  HAS_BUBBLEWRAP,
  HAS_NATIVE,
  conversation,
  temporaryDirectory,
  until,
  type TestClient
} from "../support/harness.ts"

class Conversation extends Context.Service<Conversation, Effect.Success<ReturnType<typeof conversation>>>()(
  "test/Conversation"
) {
  static readonly layer = Layer.effect(Conversation, conversation())
}

const OPEN_POLICY = { type: "dangerFullAccess" }

/** Only these can be written, and the server's directory. */
const alone = (writableRoots: ReadonlyArray<string>) => ({
  type: "workspaceWrite",
  writableRoots,
  excludeSlashTmp: true,
  excludeTmpdirEnvVar: true
})

/** Other dynamic loaders know less of these variables. */
const IS_GLIBC = "glibcVersionRuntime" in (process.report.getReport() as { readonly header: object }).header

/** How often a race is tried. */
const RACE_ROUNDS = 150
const SLOW_RACE_ROUNDS = 5

/** Runs a script in a shell and gives the command's result. */
const sh = Effect.fnUntraced(function* (client: TestClient, script: string, params: object) {
  const answer = yield* client.request("command/exec", { command: ["sh", "-c", script], ...params }, 15_000)
  assert.isUndefined(answer.error, script)
  return answer.result as { readonly exitCode: number; readonly stdout: string; readonly stderr: string }
})

describe.skipIf(!HAS_BUBBLEWRAP)("a command in a sandbox", () => {
  layer(Outcomes.layer, { excludeTestServices: true, timeout: 120_000 })("cannot", (it) => {
    for (const [kind, attempts] of Object.entries({ ...ATTEMPTS, terminals: TERMINAL_ATTEMPTS })) {
      describe(`${kind}`, () => {
        for (const attempt of attempts) {
          const { call, name, network, open } = attempt
          const needsKoffi = call !== undefined || kind === "terminals"
          const test = it.effect.skipIf(needsKoffi && !HAS_KOFFI)
          const why =
            open === true ? "" : ` (not tried outside: ${open === false ? "not allowed to us here" : open})`
          test(`${name}${why}`, () =>
            Effect.gen(function* () {
              const outcomes = yield* Outcomes
              if (open === true) {
                const { effect, reason, succeeded } = outcomes.get(`${OPEN}/${name}`)!
                assert.isTrue(succeeded, `must work without a sandbox: ${reason}`)
                if (attempt.effect !== undefined) assert.isTrue(effect, "must show without a sandbox")
              }
              for (const policy of CONFINED) {
                if (network === true && policy.endsWith("with network")) continue
                const { effect, succeeded } = outcomes.get(`${policy}/${name}`)!
                assert.deepStrictEqual(
                  { policy, succeeded, effect },
                  { policy, succeeded: false, effect: false }
                )
              }
            }))
        }
      })
    }
  })
})

describe.skipIf(!HAS_BUBBLEWRAP)("around a command in a sandbox", () => {
  layer(Conversation.layer, { excludeTestServices: true })((it) => {
    describe("what is protected in a workspace", () => {
      it.effect("is changed by each attempt without a sandbox", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          for (const [name, script] of Object.entries(Protected.ATTEMPTS)) {
            if (script.includes("unshare") && !HAS_USER_NAMESPACES) continue
            // nobody would end it
            if (name === Protected.BACKGROUND) continue
            const cwd = Protected.plant(yield* World.outsideDirectory)
            const before = Protected.snapshot(cwd)
            yield* sh(client, script, { cwd, sandboxPolicy: OPEN_POLICY })
            assert.notStrictEqual(Protected.snapshot(cwd), before, name)
          }
        })
      )

      for (const [where, directory] of [
        ["a workspace", World.outsideDirectory],
        ["a workspace within another writable directory", temporaryDirectory]
      ] as const) {
        it.effect.each(Object.entries(Protected.ATTEMPTS))(`does not change in ${where}: %s`, ([, script]) =>
          Effect.gen(function* () {
            const { client } = yield* Conversation
            const cwd = Protected.plant(yield* directory)
            const before = Protected.snapshot(cwd)
            const sandboxPolicy = { type: "workspaceWrite", writableRoots: [cwd] }
            yield* sh(client, script, { cwd, sandboxPolicy })
            assert.strictEqual(Protected.snapshot(cwd), before)
            // nor later, by somebody who was left
            yield* sh(client, ":", { cwd, sandboxPolicy })
            assert.strictEqual(Protected.snapshot(cwd), before)
          })
        )
      }

      for (const [what, gitdir] of [
        ["directory of a .git file", "deep/er/git"],
        ["directory of a worktree", "main/.git/worktrees/one"]
      ] as const) {
        it.effect.each<readonly [string, string]>([
          ["by writing into it", 'echo x >"$GIT/hooks/pre-commit"'],
          [
            "by moving it",
            'mv "$GIT" "$GIT.moved"; mkdir -p "$GIT/hooks" && echo x >"$GIT/hooks/pre-commit"'
          ],
          [
            "by moving what is above it",
            'mv "$TOP" "$TOP.moved"; mkdir -p "$GIT/hooks" && echo x >"$GIT/hooks/pre-commit"'
          ],
          ["by pointing elsewhere", 'echo "gitdir: /tmp" >.git'],
          ...(gitdir.startsWith("main/")
            ? [["by the hooks of its repository", "echo x >main/.git/hooks/pre-commit"] as const]
            : [])
        ])(`keeps the ${what} from changes %s`, ([, script]) =>
          Effect.gen(function* () {
            const { client } = yield* Conversation
            const cwd = yield* temporaryDirectory
            const git = path.join(cwd, gitdir)
            fs.mkdirSync(path.join(git, "hooks"), { recursive: true })
            fs.mkdirSync(path.join(cwd, "main", ".git", "hooks"), { recursive: true })
            fs.writeFileSync(path.join(git, "commondir"), "../..\n")
            fs.writeFileSync(path.join(cwd, ".git"), `gitdir: ${git}\n`)
            const top = path.join(cwd, gitdir.slice(0, gitdir.indexOf("/")))
            const hooks = path.join(cwd, "main", ".git", "hooks")
            const state = () =>
              [git, path.join(cwd, ".git"), hooks].map((file) =>
                fs.existsSync(file) ? World.snapshot(file) : `no ${file}`
              )
            const before = state()
            const run = (sandboxPolicy: object) =>
              sh(client, script, { cwd, sandboxPolicy, env: { GIT: git, TOP: top } })
            yield* run({ type: "workspaceWrite", writableRoots: [cwd] })
            assert.deepStrictEqual(state(), before)
          })
        )
      }
    })

    describe("a writable root", () => {
      const planted = [
        ["as it was named", (sub: string) => ({ type: "workspaceWrite", writableRoots: [sub] })],
        [
          "with a name behind it",
          (sub: string) => ({ type: "workspaceWrite", writableRoots: [`${sub}/dir`] })
        ],
        ["without other directories", (sub: string) => alone([sub])],
        ["with .. behind it", (sub: string) => alone([`${sub}/dir/..`])]
      ] as const
      it.effect.each([...planted])(
        "does not lead out over a link that a command has put there: %s",
        ([, policyOf]) =>
          Effect.gen(function* () {
            const { client } = yield* Conversation
            const cwd = yield* temporaryDirectory
            const out = World.plant(yield* World.outsideDirectory)
            const sub = path.join(cwd, "sub")
            fs.mkdirSync(sub)
            const before = World.snapshot(out)
            const first = yield* sh(client, 'rmdir sub && ln -s "$OUT" sub', {
              cwd,
              permissionProfile: ":workspace",
              env: { OUT: out }
            })
            assert.strictEqual(first.exitCode, 0, first.stderr)
            yield* client.request("command/exec", {
              command: ["sh", "-c", 'echo x >"$OUT/victim"; echo x >"$OUT/dir/new"'],
              sandboxPolicy: policyOf(sub),
              env: { OUT: out }
            })
            assert.strictEqual(World.snapshot(out), before)
          })
      )

      it.effect("does not lead out when a command has replaced the server's directory", () =>
        Effect.gen(function* () {
          const { client, server } = yield* conversation()
          const out = World.plant(yield* World.outsideDirectory)
          const before = World.snapshot(out)
          yield* sh(client, 'mv "$CWD" "$CWD.moved" && ln -s "$OUT" "$CWD"', {
            cwd: path.dirname(server.cwd),
            permissionProfile: ":workspace",
            env: { OUT: out, CWD: server.cwd }
          })
          for (const sandboxPolicy of [alone([]), { type: "workspaceWrite" }])
            yield* client.request("command/exec", {
              command: ["sh", "-c", 'echo x >"$OUT/victim"'],
              cwd: "/",
              sandboxPolicy,
              env: { OUT: out }
            })
          assert.strictEqual(World.snapshot(out), before)
        })
      )

      it.effect("does not have directories outside removed when its path is replaced meanwhile", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          const cwd = yield* temporaryDirectory
          const out = World.plant(yield* World.outsideDirectory)
          fs.mkdirSync(path.join(out, ".codex"))
          fs.mkdirSync(path.join(cwd, "sub"))
          const before = World.snapshot(out)
          yield* client.send({
            id: "inner",
            method: "command/exec",
            params: {
              command: ["sh", "-c", "echo >up; while test ! -e down; do :; done"],
              cwd: path.join(cwd, "sub"),
              permissionProfile: ":workspace"
            }
          })
          yield* until(
            "the inner command",
            5000,
            () => fs.existsSync(path.join(cwd, "sub", "up")) || undefined
          )
          yield* client.request("command/exec", {
            command: ["sh", "-c", 'mv sub moved && ln -s "$OUT" sub'],
            cwd,
            sandboxPolicy: { type: "workspaceWrite", writableRoots: [cwd] },
            env: { OUT: out }
          })
          for (const name of ["sub", "moved"])
            if (fs.existsSync(path.join(cwd, name, "up"))) fs.writeFileSync(path.join(cwd, name, "down"), "")
          yield* client.response("inner")
          assert.strictEqual(World.snapshot(out), before)
        })
      )

      it.effect("does not lead out while a command swaps it with a link", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          const cwd = yield* temporaryDirectory
          const out = World.plant(yield* World.outsideDirectory)
          fs.mkdirSync(path.join(cwd, "sub"))
          // bwrap sees the machine there while it makes its mounts
          fs.symlinkSync(`/oldroot${out}`, path.join(cwd, "link"))
          const before = World.snapshot(out)
          yield* client.send({
            id: "swap",
            method: "command/exec",
            params: {
              command: [process.execPath, "-e", SWAP],
              cwd,
              permissionProfile: ":workspace",
              disableTimeout: true
            }
          })
          yield* until("the swapping command", 5000, () => fs.existsSync(path.join(cwd, "up")) || undefined)
          for (let round = 0; round < 2 * RACE_ROUNDS; round++)
            yield* client.request("command/exec", {
              command: ["sh", "-c", 'echo x >"$OUT/victim"; echo x >sub/victim'],
              cwd,
              sandboxPolicy: { type: "workspaceWrite", writableRoots: [cwd, path.join(cwd, "sub")] },
              env: { OUT: out }
            })
          fs.writeFileSync(path.join(cwd, "down"), "")
          yield* client.response("swap")
          assert.strictEqual(World.snapshot(out), before)
        })
      )

      it.effect("does not lead out when a command that starts right after it replaces it by a link", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          const out = World.plant(yield* World.outsideDirectory)
          const before = World.snapshot(out)
          for (let round = 0; round < SLOW_RACE_ROUNDS; round++) {
            const cwd = yield* temporaryDirectory
            // many, and what is replaced last: it takes longer until it is mounted than the other needs to start
            const late = path.join(cwd, "longer-than-all-others")
            const roots = Array.from({ length: 30 }, (_, n) => path.join(cwd, `${n}`))
            for (const directory of [late, ...roots]) fs.mkdirSync(directory)
            // leads to the same place from wherever bwrap sees the machine
            fs.symlinkSync(path.relative(cwd, out), path.join(cwd, "link"))
            const write = client.request("command/exec", {
              command: ["sh", "-c", 'echo x >"$OUT/victim"'],
              cwd,
              sandboxPolicy: { type: "workspaceWrite", writableRoots: [cwd, ...roots, late] },
              env: { OUT: out }
            })
            const replace = sh(client, 'mv "$LATE" away && mv link "$LATE"; sleep 0.2', {
              cwd,
              permissionProfile: ":workspace",
              env: { LATE: late }
            })
            yield* Effect.all([write, replace], { concurrency: 2 })
          }
          assert.strictEqual(World.snapshot(out), before)
        })
      )
    })

    describe("the sandbox itself", () => {
      it.effect("keeps its files from commands that watch the temporary directory", () =>
        Effect.gen(function* () {
          const { client, server } = yield* Conversation
          const out = World.plant(yield* World.outsideDirectory)
          const before = World.snapshot(out)
          const stop = path.join(server.cwd, "stop")
          yield* client.send({
            id: "watch",
            method: "command/exec",
            params: {
              command: [process.execPath, "-e", WATCH, stop],
              sandboxPolicy: { type: "workspaceWrite" },
              disableTimeout: true
            }
          })
          yield* until("the watching command", 5000, () => fs.existsSync(`${stop}.ready`) || undefined)
          for (let round = 0; round < RACE_ROUNDS; round++)
            yield* client.request("command/exec", {
              command: ["sh", "-c", 'echo x >"$OUT/victim"'],
              sandboxPolicy: { type: "readOnly" },
              env: { OUT: out }
            })
          fs.writeFileSync(stop, "")
          const { result } = yield* client.response("watch")
          assert.deepStrictEqual([result.stdout, World.snapshot(out)], ["", before])
        })
      )

      for (const [name, env, file] of [
        ["LD_DEBUG_OUTPUT", { LD_DEBUG: "files" }, "/ld"],
        ["LD_PROFILE_OUTPUT", { LD_PROFILE: "libc.so.6" }, ""]
      ] as const) {
        it.effect.skipIf(!IS_GLIBC)(`is not started with the command's environment: ${name}`, () =>
          Effect.gen(function* () {
            const { client } = yield* Conversation
            const out = World.plant(yield* World.outsideDirectory)
            const before = World.snapshot(out)
            const run = (sandboxPolicy: object, tty: object) =>
              sh(client, "true", { sandboxPolicy, env: { ...env, [name]: `${out}${file}` }, ...tty })
            for (const tty of [{}, { tty: true, processId: name }]) yield* run({ type: "readOnly" }, tty)
            assert.strictEqual(World.snapshot(out), before)
            yield* run(OPEN_POLICY, {})
            assert.notStrictEqual(World.snapshot(out), before, "must work without a sandbox")
          })
        )
      }

      it.effect("takes no program from the command's PATH", () =>
        Effect.gen(function* () {
          const { client, server } = yield* Conversation
          const out = World.plant(yield* World.outsideDirectory)
          const bin = path.join(server.cwd, "bin")
          fs.mkdirSync(bin)
          for (const name of ["bwrap", "setsid", "sh"])
            fs.writeFileSync(path.join(bin, name), `#!/bin/sh\necho x >${out}/${name}\n`, { mode: 0o755 })
          const before = World.snapshot(out)
          const env = { PATH: `${bin}:${process.env["PATH"]}` }
          for (const tty of [{}, { tty: true, processId: "path" }])
            yield* client.request("command/exec", {
              command: ["sh", "-c", ":"],
              cwd: bin,
              env,
              sandboxPolicy: { type: "workspaceWrite" },
              ...tty
            })
          assert.strictEqual(World.snapshot(out), before)
        })
      )

      it.effect("cannot be killed from inside, nor told of another end", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          const forge = [
            "kill -KILL 1; kill -TERM 1",
            "for n in 3 4 5 6 7 8 9; do (echo '{ \"exit-code\": 0 }' >&$n); done 2>/dev/null",
            "for f in /proc/*/fd/*; do case $(readlink $f) in *effect-app-server*) echo $f;; esac; done",
            "exit 7"
          ].join("\n")
          const { exitCode, stdout } = yield* sh(client, forge, { sandboxPolicy: { type: "readOnly" } })
          assert.deepStrictEqual({ exitCode, stdout }, { exitCode: 7, stdout: "" })
        })
      )

      it.effect.each([
        ["pipes", {}],
        ["a terminal", { tty: true, processId: "descriptors" }]
      ] as const)("leaves only the standard streams to commands on %s", ([, io]) =>
        Effect.gen(function* () {
          const { client, server } = yield* Conversation
          const other = {
            command: ["cat"],
            processId: "held",
            tty: true,
            sandboxPolicy: { type: "readOnly" }
          }
          yield* client.send({ id: "held", method: "command/exec", params: other })
          const file = path.join(server.cwd, `descriptors-${Object.keys(io).length}`)
          const { exitCode } = yield* sh(client, DESCRIPTORS, {
            sandboxPolicy: { type: "workspaceWrite" },
            env: { FILE: file },
            ...io
          })
          yield* client.request("command/exec/terminate", { processId: "held" })
          yield* client.response("held")
          assert.strictEqual(exitCode, 0)
          const further = fs
            .readFileSync(file, "utf8")
            .split("\n")
            .filter((line) => parseInt(line) > 2)
            // without native calls this stands in places that are not theirs
            .filter((line) => HAS_NATIVE || !line.endsWith(" /dev/null"))
          assert.deepStrictEqual(further, [])
        })
      )

      it.effect("lets nobody inside outlive the command", () =>
        Effect.gen(function* () {
          const { client } = yield* Conversation
          const seconds = `300.${process.pid}`
          const script = `(setsid sleep ${seconds} &) >/dev/null 2>&1; (env -i setsid nohup sleep ${seconds} >/dev/null 2>&1 &); echo up`
          const { stdout } = yield* sh(client, script, { sandboxPolicy: { type: "readOnly" } })
          assert.strictEqual(stdout, "up\n")
          yield* until("their end", 2000, () => (running(seconds) ? undefined : true))
        })
      )

      it.effect("keeps the server's own configuration", () =>
        Effect.gen(function* () {
          const { client, server } = yield* Conversation
          const before = World.snapshot(server.codexHome)
          yield* sh(client, 'echo >>"$CODEX_HOME/config.toml"', {
            sandboxPolicy: { type: "workspaceWrite" },
            env: { CODEX_HOME: server.codexHome }
          })
          assert.strictEqual(World.snapshot(server.codexHome), before)
        })
      )
    })
  })
})

/** Whether a process has this among its words. */
const running = (word: string): boolean =>
  fs.readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word)
    } catch {
      return false
    }
  })

/** The descriptors of the shell, with what they are. */
const DESCRIPTORS = 'exec >"$FILE"; for fd in /proc/$/fd/*; do echo "${fd##*/} $(readlink "$fd")"; done'

/** Has a directory and a link in turns at the same place, each for as long as a sandbox takes to start. */
const SWAP = `
const fs = require("fs")
const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3)
fs.writeFileSync("up", "")
while (!fs.existsSync("down")) {
  for (const [from, to] of [["sub", "s"], ["link", "sub"]]) fs.renameSync(from, to)
  wait()
  for (const [from, to] of [["sub", "link"], ["s", "sub"]]) fs.renameSync(from, to)
  wait()
}
`

/** Opens what appears for a moment in the temporary directory, and turns the options of a sandbox into none. */
const WATCH = `
const fs = require("fs"), os = require("os"), stop = process.argv[1]
fs.writeFileSync(stop + ".ready", "")
const bytes = Buffer.alloc(65536)
const known = new Set(fs.readdirSync(os.tmpdir()))
for (let n = 0; n % 256 || !fs.existsSync(stop); n++) for (const name of fs.readdirSync(os.tmpdir())) {
  if (known.has(name) || !name.startsWith("effect-app-server-")) continue
  let fd
  try { fd = fs.openSync(os.tmpdir() + "/" + name, "r+") } catch { continue }
  fs.writeSync(1, "opened\\n")
  for (let end = Date.now() + 20; Date.now() < end; ) {
    const text = bytes.toString("latin1", 0, fs.readSync(fd, bytes, 0, bytes.length, 0))
    if (!text.includes("--ro-bind\\0/\\0")) continue
    const open = text.replace("--ro-bind\\0/\\0", "--bind\\0/\\0")
    fs.writeSync(fd, open, 0, "latin1")
    fs.ftruncateSync(fd, open.length)
    fs.writeSync(1, "rewritten\\n")
    break
  }
  fs.closeSync(fd)
}
`
