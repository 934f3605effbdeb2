import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Native from "../../src/layers/Native.ts"
import type * as PosixSpawn from "../../src/layers/PosixSpawn.ts"
import { childrenOf } from "../../src/layers/ProcessTables.ts"
import { until } from "../support/harness.ts"

const loaded = Native.load()

describe.skipIf("unavailable" in loaded)("Native", () => {
  const native = "native" in loaded ? loaded.native : (undefined as never)
  const sh = (script: string, stdio: ChildProcess.StdioOptions = "pipe") =>
    ChildProcess.spawnSync("sh", ["-c", script], { encoding: "utf8", stdio }).stdout

  it("marks what is started under a mark, wherever it moves to, and nothing else", () => {
    const mark = 1234567890123456789n
    const limit = "/usr/bin/grep realtime.timeout /proc/self/limits"
    const marked = native.marked(mark, () => sh(`${limit}; setsid env -i ${limit}`))
    assert.strictEqual(marked.match(/1234567890123456789/g)?.length, 2)
    assert.notInclude(sh(limit), String(mark))
    assert.notInclude(fs.readFileSync("/proc/self/limits", "utf8"), String(mark))
  })

  it("takes the mark off when the start fails", () => {
    assert.throws(() =>
      native.marked(42n, () => {
        throw new Error("no start")
      })
    )
    assert.match(fs.readFileSync("/proc/self/limits", "utf8"), /Max realtime timeout +unlimited/)
  })

  it("makes pipes that no program inherits", () => {
    const [read, write] = native.pipe()
    try {
      fs.writeSync(write, "through")
      const buffer = Buffer.alloc(16)
      assert.strictEqual(buffer.toString("utf8", 0, fs.readSync(read, buffer)), "through")
      assert.strictEqual(
        sh(`[ -e /proc/self/fd/${read} ] || [ -e /proc/self/fd/${write} ] || echo hidden`),
        "hidden\n"
      )
    } finally {
      fs.closeSync(read)
      fs.closeSync(write)
    }
  })

  it.live("adopts orphans and takes their exit status", () =>
    Effect.gen(function* () {
      const before = new Set(childrenOf(process.pid))
      sh("setsid sleep 0.1 >/dev/null 2>&1 &", "ignore")
      const orphan = yield* until("an orphan", 2000, () =>
        childrenOf(process.pid).find((pid) => !before.has(pid))
      )
      yield* until("its end", 2000, () => {
        native.wait(orphan)
        return childrenOf(process.pid).includes(orphan) ? undefined : true
      })
    })
  )

  describe("terminal", () => {
    /** The server's side and the program's of a new terminal. */
    const terminal = Effect.acquireRelease(
      Effect.sync(() => {
        const { master, path } = native.terminal.open({ rows: 5, cols: 7 })
        return { master, path, slave: fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOCTTY) }
      }),
      ({ master, slave }) => Effect.sync(() => [master, slave].forEach((fd) => fs.closeSync(fd)))
    )

    it.effect("is inherited by no program, and has its size", () =>
      Effect.gen(function* () {
        const { master, path, slave } = yield* terminal
        assert.match(path, /^\/dev\/pts\/\d+$/)
        assert.strictEqual(sh("stty size", [slave, "pipe", "inherit"]), "5 7\n")
        native.terminal.resize(master, { rows: 65_535, cols: 1 })
        assert.strictEqual(sh("stty size", [slave, "pipe", "inherit"]), "65535 1\n")
        assert.strictEqual(sh(`[ -e /proc/self/fd/${master} ] || echo hidden`), "hidden\n")
      })
    )

    it.live("is readable when a program has written, and only then, and does not block", () =>
      Effect.gen(function* () {
        const { master, slave } = yield* terminal
        const buffer = Buffer.alloc(16)
        assert.isFalse(native.terminal.isReadable(master))
        assert.throws(() => fs.readSync(master, buffer), "EAGAIN")
        fs.writeSync(slave, "x\n")
        assert.deepStrictEqual(native.poll([master]), [Native.READABLE])
        assert.isTrue(native.terminal.isReadable(master))
        assert.strictEqual(buffer.toString("utf8", 0, fs.readSync(master, buffer)), "x\r\n")
        assert.isFalse(native.terminal.isReadable(master))
        assert.deepStrictEqual(native.poll([master]), [0])
      })
    )

    it("tells the system's error", () => {
      assert.throws(() => native.terminal.resize(-1, { rows: 1, cols: 1 }), "EBADF")
      const file = fs.openSync("/dev/null", "r")
      try {
        assert.throws(() => native.terminal.resize(file, { rows: 1, cols: 1 }), "ENOTTY")
      } finally {
        fs.closeSync(file)
      }
    })
  })

  describe("spawn", () => {
    /** What a program writes to its standard output until it ends. */
    const output = (program: Partial<PosixSpawn.Program> & { readonly argv: ReadonlyArray<string> }) =>
      Effect.gen(function* () {
        const [read, write] = native.pipe()
        try {
          const pid = native.spawn({
            file: program.argv[0]!,
            env: { PATH: process.env["PATH"]! },
            cwd: "/",
            descriptors: ["ignore", write, 2],
            ...program
          })
          const status = yield* until("its end", 5000, () => native.wait(pid))
          const buffer = Buffer.alloc(4096)
          return { pid, status, text: buffer.toString("utf8", 0, fs.readSync(read, buffer)) }
        } finally {
          fs.closeSync(read)
          fs.closeSync(write)
        }
      })

    it.live("starts the leader of a session, in its directory, with no other environment", () =>
      Effect.gen(function* () {
        const script = 'echo "$A"; pwd; cut -d" " -f1,5,6 /proc/$$/stat; env | sort | tr "\\n" " "'
        const { pid, status, text } = yield* output({
          file: "/bin/sh",
          argv: ["name", "-c", script],
          env: { A: "two words", PATH: "/usr/bin:/bin" },
          cwd: "/usr"
        })
        const [a, directory, ids, env] = text.split("\n")
        assert.deepStrictEqual([a, directory, ids], ["two words", "/usr", `${pid} ${pid} ${pid}`])
        assert.include(env, "A=two words PATH=/usr/bin:/bin")
        assert.deepStrictEqual(status, { code: 0 })
      })
    )

    it.live("hands over words and variables as they are, of one environment again and again", () =>
      Effect.gen(function* () {
        const words = ["", "a b", "é€😀", "", "'\"\\"]
        const env = { EMPTY: "", ÜMLAUT: "ä=ö", LONG: "x".repeat(1000) }
        for (let i = 0; i < 3; i++) {
          const printed = yield* output({ file: "/usr/bin/printf", argv: ["printf", "%s|", ...words], env })
          assert.strictEqual(printed.text, words.map((word) => `${word}|`).join(""))
          const listed = yield* output({ file: "/usr/bin/env", argv: ["env"], env })
          assert.strictEqual(listed.text, `EMPTY=\nÜMLAUT=ä=ö\nLONG=${env.LONG}\n`)
        }
      })
    )

    it.live("gives a program every signal as a new program has it", () =>
      Effect.gen(function* () {
        const { text } = yield* output({ file: "/bin/grep", argv: ["grep", "^Sig[BI]", "/proc/self/status"] })
        const sets = [...text.matchAll(/Sig(?:Blk|Ign):\t(\w+)/g)].map(([, set]) => BigInt(`0x${set}`))
        // 32 and 33 belong to libc
        assert.deepStrictEqual(
          sets.map((set) => set & ~(3n << 31n)),
          [0n, 0n]
        )
      })
    )

    it.live("passes on the descriptors that are named, and no other", () =>
      Effect.gen(function* () {
        const file = fs.openSync("/etc/passwd", "r")
        const [read, write] = native.pipe()
        try {
          const pid = native.spawn({
            file: "/bin/sh",
            argv: ["sh", "-c", "cd /proc/self/fd; echo *; readlink 0; readlink 3"],
            env: { PATH: process.env["PATH"]! },
            cwd: "/",
            descriptors: ["ignore", write, write, file]
          })
          yield* until("its end", 5000, () => native.wait(pid))
          const buffer = Buffer.alloc(4096)
          const lines = buffer.toString("utf8", 0, fs.readSync(read, buffer)).split("\n")
          for (const fd of [file, read, write]) assert.notInclude(lines[0]!.split(" "), String(fd))
          assert.deepStrictEqual(lines.slice(1, 3), ["/dev/null", "/etc/passwd"])
        } finally {
          for (const fd of [file, read, write]) fs.closeSync(fd)
        }
      })
    )

    it.live("tells the code or the signal with which a program ended", () =>
      Effect.gen(function* () {
        const end = (script: string) =>
          Effect.map(
            output({ file: "/bin/sh", argv: ["sh", "-c", `echo x; ${script}`] }),
            ({ status }) => status
          )
        assert.deepStrictEqual(yield* end("exit 0"), { code: 0 })
        assert.deepStrictEqual(yield* end("exit 255"), { code: 255 })
        assert.deepStrictEqual(yield* end("kill -KILL $$"), { signal: 9, name: "SIGKILL" })
        assert.deepStrictEqual(yield* end("ulimit -c 0; kill -SEGV $$"), { signal: 11, name: "SIGSEGV" })
      })
    )

    it("throws the system's error at once, and leaves no process", () => {
      const before = childrenOf(process.pid)
      const codeOf = (program: Partial<PosixSpawn.Program>) => {
        try {
          native.spawn({ file: "/bin/true", argv: ["x"], env: {}, cwd: "/", descriptors: [], ...program })
          return undefined
        } catch (error) {
          return (error as NodeJS.ErrnoException).code
        }
      }
      assert.strictEqual(codeOf({ file: "/nonexistent" }), "ENOENT")
      assert.strictEqual(codeOf({ cwd: "/nonexistent" }), "ENOENT")
      assert.strictEqual(codeOf({ file: "/" }), "EACCES")
      assert.strictEqual(codeOf({ file: "/etc/passwd" }), "EACCES")
      assert.strictEqual(codeOf({ descriptors: [9999] }), "EBADF")
      assert.strictEqual(codeOf({ argv: ["x", "y".repeat(256 * 1024)] }), "E2BIG")
      assert.deepStrictEqual(childrenOf(process.pid), before)
    })
  })
})
