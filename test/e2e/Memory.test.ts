/** What slow clients cost: the memory of the built server while they do not read. */
import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { dial, until, type TestPeer } from "../support/harness.ts"
import { TRANSPORTS, talk } from "../support/transports.ts"

/** How long a client reads nothing; a minute in the soak. */
const STALL_SECONDS = Number(process.env["STALL_SECONDS"] ?? 5)

const MIB = 1024 * 1024
/** Resident memory of a process, in bytes. */
const memory = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024

const yes = (client: TestPeer, processId: string) =>
  client.send({
    id: processId,
    method: "command/exec",
    params: {
      command: ["yes"],
      processId,
      streamStdoutStderr: true,
      disableOutputCap: true,
      disableTimeout: true
    }
  })

for (const transport of TRANSPORTS) {
  describe(`a client on ${transport.name} that does not read`, () => {
    it.live(
      "costs at most 16 MiB while `yes` runs, and nobody else's answers",
      () =>
        Effect.gen(function* () {
          const { client, server } = yield* talk(transport)
          const before = memory(server.pid)
          yield* yes(client, "p")
          yield* client.notification("command/exec/outputDelta")
          client.pause()
          const end = Date.now() + STALL_SECONDS * 1000
          let highest = 0
          yield* until("the end of the stall", (STALL_SECONDS + 10) * 1000, () => {
            highest = Math.max(highest, memory(server.pid))
            return Date.now() > end ? true : undefined
          })
          assert.isBelow(highest - before, 16 * MIB)
          if (transport.name !== "stdio") {
            const other = yield* dial(server)
            assert.isDefined((yield* other.initialize()).result)
          }
          client.resume()
          client.inbox.length = 0
          yield* client.request("command/exec/terminate", { processId: "p" })
          assert.strictEqual((yield* client.response("p")).result.exitCode, 137)
        }),
      (STALL_SECONDS + 30) * 1000
    )
  })
}
