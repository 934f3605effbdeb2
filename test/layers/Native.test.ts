import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Native from "../../src/layers/Native.ts"
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
        native.reap(orphan)
        return childrenOf(process.pid).includes(orphan) ? undefined : true
      })
    })
  )
})
