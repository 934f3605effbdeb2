/** A process layer that does nothing by itself: the test says what a process writes and when it ends. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SpawnError } from "../../src/services/CommandExecError.ts"
import type { OutputBuffer } from "../../src/services/OutputBuffer.ts"
import {
  ProcessSpawner,
  type ExitStatus,
  type RunningProcess,
  type SpawnSpec
} from "../../src/services/ProcessSpawner.ts"

export class ScriptedProcess {
  readonly spec: SpawnSpec
  readonly output: OutputBuffer
  readonly ended = Deferred.makeUnsafe<ExitStatus>()
  /** What was written to it, as text; `<end>` for the end of input. */
  readonly input: Array<string> = []
  readonly sizes: Array<{ readonly rows: number; readonly cols: number }> = []
  kills = 0
  released = false
  pendingInput = 0
  /** Whether SIGKILL ends it, as it does unless the test is about the time in between. */
  mortal = true

  constructor(spec: SpawnSpec, output: OutputBuffer) {
    this.spec = spec
    this.output = output
  }

  get terminal() {
    return "rows" in this.spec.io
  }

  writes(text: string, stream: "stdout" | "stderr" = "stdout") {
    return Effect.sync(() => this.output.push(stream, new TextEncoder().encode(text)))
  }

  closes(...streams: ReadonlyArray<"stdout" | "stderr">) {
    return Effect.sync(() => streams.forEach((stream) => this.output.end(stream)))
  }

  exits(status: { readonly code: number } | { readonly signal: number } | { readonly notStarted: true }) {
    return Deferred.succeed(
      this.ended,
      "signal" in status ? { ...status, name: `signal ${status.signal}` } : status
    )
  }

  /** Closes its streams and exits. */
  finishes(code = 0) {
    return Effect.andThen(this.closes("stdout", "stderr"), this.exits({ code }))
  }

  readonly kill = Effect.suspend(() => {
    this.kills++
    return this.mortal
      ? Effect.andThen(this.closes("stdout", "stderr"), this.exits({ signal: 9 }))
      : Effect.void
  })
}

export interface ScriptedSpawner {
  readonly layer: Layer.Layer<ProcessSpawner>
  /** In the order in which they were started. */
  readonly processes: Array<ScriptedProcess>
  /** Programs that cannot be started, with the system's text. */
  readonly refuse: Map<string, string>
  /** What each spawn waits for before it succeeds. */
  delay: Effect.Effect<void>
  /** Owners whose processes were ended. */
  readonly ended: Array<number>
}

export const make = (): ScriptedSpawner => {
  const processes: Array<ScriptedProcess> = []
  const refuse = new Map<string, string>()
  const ended: Array<number> = []
  const scripted: ScriptedSpawner = {
    processes,
    refuse,
    ended,
    delay: Effect.void,
    layer: Layer.succeed(ProcessSpawner, {
      spawn: Effect.fnUntraced(function* (spec, output) {
        yield* scripted.delay
        const refused = refuse.get(spec.argv[0])
        if (refused !== undefined) return yield* Effect.fail(new SpawnError({ message: refused }))
        const process = new ScriptedProcess(spec, output)
        processes.push(process)
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            process.released = true
          })
        )
        const running: RunningProcess = {
          pid: processes.length,
          exit: Deferred.await(process.ended),
          pendingInput: () => process.pendingInput,
          write: (bytes, end) =>
            Effect.sync(() => {
              if (bytes.length > 0) process.input.push(new TextDecoder().decode(bytes))
              if (end) process.input.push("<end>")
              return !Deferred.isDoneUnsafe(process.ended)
            }),
          resize: (size) => Effect.sync(() => void process.sizes.push(size)),
          kill: process.kill,
          killTree: Effect.as(process.kill, 1)
        }
        return running
      }),
      endOwner: (owner) => Effect.sync(() => void ended.push(owner))
    })
  }
  return scripted
}
