/** The client for people without Effect, against servers as they are. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, type PromiseClient, type PromiseProcess } from "../../src/layers/PromiseClient.ts"
import { clientTargets } from "../support/clientTargets.ts"
import { until } from "../support/harness.ts"

const OPTIONS = { clientInfo: { name: "test", version: "1" } }

const sh = (script: string) => ({ command: ["sh", "-c", script] })

const text = async (output: AsyncIterable<Uint8Array>) => {
  let text = ""
  for await (const bytes of output) text += Buffer.from(bytes).toString()
  return text
}

const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => assert.fail("it succeeded"),
    (error: unknown) => error
  )

describe.each(clientTargets)("a client of $name", ({ start }) => {
  const withClient = (test: (client: PromiseClient) => Promise<void>) =>
    Effect.gen(function* () {
      const { target } = yield* start
      yield* Effect.promise(async () => {
        const client = await connect(target, OPTIONS)
        await test(client).finally(client.close)
      })
    })

  it.live("asks, and throws what the server refuses", () =>
    withClient(async (client) => {
      assert.strictEqual(client.server.platformFamily, "unix")
      assert.isNull((await client.request("configRequirements/read")).requirements)
      const { exitCode, stdout } = await client.request("command/exec", { command: ["echo", "x"] })
      assert.deepStrictEqual([exitCode, stdout], [0, "x\n"])
      const error = await failure(client.request("command/exec", { command: [] }))
      assert.isTrue(error instanceof Error)
      assert.deepInclude(error, { _tag: "RequestError", code: -32600, message: "command must not be empty" })
    })
  )

  it.live("runs commands, writes to them and reads what they write", () =>
    withClient(async (client) => {
      const process = await client.exec({ ...sh("cat; echo err >&2; exit 3"), streamStdin: true })
      await process.write("in ")
      await process.write(new TextEncoder().encode("pieces"))
      await process.closeStdin()
      assert.deepStrictEqual(await Promise.all([text(process.stdout), text(process.stderr)]), [
        "in pieces",
        "err\n"
      ])
      assert.strictEqual((await process.exit()).exitCode, 3)
    })
  )

  const untilOutput = async (process: PromiseProcess, wanted: string) => {
    let seen = ""
    for await (const { bytes } of process.output) {
      seen += Buffer.from(bytes).toString()
      if (seen.includes(wanted)) return
    }
    assert.fail(`no ${wanted} in ${JSON.stringify(seen)}`)
  }

  it.live("has terminals", () =>
    withClient(async (client) => {
      const terminal = await client.exec({
        ...sh("read x; stty size"),
        tty: true,
        size: { rows: 5, cols: 6 }
      })
      await terminal.resize({ rows: 7, cols: 8 })
      await terminal.write("\n")
      await untilOutput(terminal, "7 8\r\n")
      await terminal.close()
    })
  )

  it.live("ends commands by name, by closing them, and by closing itself", () =>
    withClient(async (client) => {
      const params = { ...sh("echo x; sleep 1000"), disableTimeout: true }
      const terminated = await client.exec(params)
      await untilOutput(terminated, "x")
      await terminated.terminate()
      assert.strictEqual((await terminated.exit()).exitCode, 137)
      const unread = await client.exec({ command: ["yes"], disableOutputCap: true })
      await unread.close()
      assert.strictEqual((await unread.exit()).exitCode, 137)
      const lost = await client.exec(params)
      await untilOutput(lost, "x")
      const exit = failure(lost.exit())
      await client.close()
      assert.strictEqual((await exit)._tag, "ConnectionLost")
      assert.strictEqual((await failure(client.request("config/read", {})))._tag, "ConnectionLost")
      assert.strictEqual(
        (await failure(client.exec(params).then((process) => process.exit())))._tag,
        "ConnectionLost"
      )
    })
  )
})

describe("connecting", () => {
  it.live("fails with an error that says why", () =>
    Effect.promise(async () => {
      assert.strictEqual((await failure(connect("nowhere", OPTIONS)))._tag, "ConnectError")
      assert.strictEqual(
        (await failure(connect({ command: ["/nonexistent"] }, OPTIONS)))._tag,
        "ConnectError"
      )
    })
  )

  it.live("can be given up, and leaves no child", () =>
    Effect.gen(function* () {
      const mute = { command: [process.execPath, "-e", "process.stdin.resume()"] as const }
      const signal = AbortSignal.timeout(50)
      yield* Effect.promise(() => failure(connect(mute, { ...OPTIONS, signal })))
      assert.isTrue(signal.aborted)
      const children = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap")
      yield* until("the end of the child", 5000, () => children().length === 0 || undefined)
    })
  )
})
