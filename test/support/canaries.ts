/** What a client may send that is nobody else's business, in all places where it may stand, in what works and what fails. */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { TestPeer } from "./harness.ts"

/** Stands in all of it. */
export const CANARY = "canary"

const base64 = (text: string) => Buffer.from(text).toString("base64")

/** Whether it stands there, plain or encoded, at any of the three places that base64 has for it. */
export const hasCanary = (text: string): boolean =>
  [
    CANARY,
    ...["", "-", "--"].map((before) => base64(`${before}${CANARY}`).slice(before.length && 4, 8))
  ].some((sign) => (sign === CANARY ? text.toLowerCase().includes(sign) : text.includes(sign)))

/** Sends it all, below this directory, and gives how many requests were answered with which method. */
export const sing = Effect.fnUntraced(function* (client: TestPeer, directory: string) {
  const cwd = path.join(directory, `${CANARY}-directory`)
  const file = path.join(cwd, `${CANARY}-file`)
  fs.mkdirSync(cwd)
  const env = { [`${CANARY}_name`]: `${CANARY}-value` }
  const shell = (script: string) => ["sh", "-c", script, `${CANARY}-argument`]
  const unconfined = { sandboxPolicy: { type: "dangerFullAccess" } }
  const works = (method: string, params: object) =>
    Effect.tap(client.request(method, params, 20_000), ({ error }) =>
      Effect.sync(() => assert.isUndefined(error))
    )
  const fails = (method: string, params: object) =>
    Effect.tap(client.request(method, params, 20_000), ({ error }) =>
      Effect.sync(() => assert.isDefined(error))
    )

  const processId = `${CANARY}-id`
  const exec = { command: shell(`echo ${CANARY}; echo ${CANARY} >&2; cat`), cwd, env, ...unconfined }
  yield* client.send({
    id: `${CANARY}-request`,
    method: "command/exec",
    params: { ...exec, processId, streamStdin: true, streamStdoutStderr: true }
  })
  yield* client.notification("command/exec/outputDelta")
  yield* fails("command/exec", { ...exec, processId })
  yield* fails("command/exec/resize", { processId, size: { rows: 1, cols: 1 } })
  yield* works("command/exec/write", { processId, deltaBase64: base64(CANARY), closeStdin: true })
  assert.isUndefined((yield* client.response(`${CANARY}-request`)).error)
  yield* works("command/exec", { ...exec, command: shell(`echo ${CANARY}`), tty: true, processId })
  yield* works("command/exec", { ...exec, command: shell("kill -9 $$") })
  yield* works("command/exec", { ...exec, command: shell("sleep 60"), timeoutMs: 50 })
  yield* fails("command/exec", { ...exec, command: [`${CANARY}-program`] })
  yield* fails("command/exec", { ...exec, command: [`\0${CANARY}`] })
  yield* fails("command/exec", { ...exec, cwd: path.join(cwd, "missing") })
  yield* fails("command/exec", { command: exec.command, permissionProfile: `:${CANARY}` })
  yield* fails("command/exec", { ...exec, env: { [CANARY]: 7 } })
  yield* fails("command/exec", { command: CANARY })
  // refused where there is no sandbox
  yield* client.request("command/exec", {
    command: ["true", CANARY],
    cwd,
    sandboxPolicy: { type: "readOnly" }
  })
  yield* fails("command/exec/terminate", { processId: `${CANARY}-nobody` })
  yield* fails("command/exec/write", { processId, deltaBase64: `${CANARY}!` })

  const processHandle = `${CANARY}-handle`
  yield* works("process/spawn", { command: shell(`echo ${CANARY}`), processHandle, cwd, env })
  yield* client.notification("process/exited")
  yield* fails("process/spawn", { command: [file], processHandle, cwd })
  yield* fails("process/kill", { processHandle })

  yield* works("fs/writeFile", { path: file, dataBase64: base64(CANARY) })
  yield* works("fs/watch", { path: file, watchId: CANARY })
  yield* works("fs/readFile", { path: file })
  yield* fails("fs/readFile", { path: `${file}-missing` })
  yield* fails("fs/readDirectory", { path: file })
  yield* works("fs/remove", { path: file })
  yield* client.notification("fs/changed")
  yield* fails("config/value/write", { keyPath: "sandbox_mode", value: CANARY, mergeStrategy: "replace" })
  yield* fails(`${CANARY}/method`, {})
  for (const text of [
    CANARY,
    `{"${CANARY}":1}`,
    `{"id":["${CANARY}"],"method":"initialize"}`,
    `{"id":1,"id":2,"method":"${CANARY}"}`,
    `{"id":1,"method":"fs/remove","trace":"${CANARY}"}`
  ]) {
    yield* client.sendText(text)
  }
  // what came before has been dealt with
  yield* works("mock/experimentalMethod", { value: CANARY })
})
