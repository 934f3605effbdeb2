/** Processes on pipes that are started before it is known what for, and wait for a script. */
import * as fs from "node:fs"
import * as net from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { SpawnError } from "../services/CommandExecError.ts"
import type { SpawnSpare } from "../services/ProcessSpawner.ts"
import * as SystemError from "../services/SystemError.ts"
import type { Native } from "./Native.ts"
import * as PipedProcess from "./PipedProcess.ts"
import type { ProcessHost } from "./ProcessHost.ts"

/** Whose they are in their marks; nobody's number: owners are counted from 1. */
const NOBODY = 0
const IO = { stdin: false }

export const spawn =
  (host: ProcessHost, native: Native): SpawnSpare =>
  (argv, launcher) =>
    Effect.gen(function* () {
      const [read, write] = yield* Effect.try({
        try: native.pipe,
        catch: (error) => new SpawnError({ message: SystemError.text(error) })
      })
      // writes what the pipe does not take at once later; stays open, or the spare could not open its end again
      const pipe = new net.Socket({ fd: write, readable: false, writable: true })
      pipe.on("error", () => {}) // the process has ended, which is told
      yield* Effect.addFinalizer(() => Effect.sync(() => pipe.destroy()))
      const descriptors = [...launcher.descriptors, read]
      const spec = {
        argv,
        cwd: "/",
        env: {},
        owner: NOBODY,
        io: IO,
        launcher: { ...launcher, descriptors }
      }
      const acquired = yield* Effect.ensuring(
        PipedProcess.acquire(host, spec, argv[0], IO),
        Effect.sync(() => fs.closeSync(read))
      )
      const { exit, mark } = acquired
      // a launcher that is killed while it starts leaves the rest, and no owner's end comes that would find it
      const sweepKilled = Effect.flatMap(Deferred.await(exit), (status) =>
        "signal" in status ? host.sweep(mark) : Effect.void
      )
      yield* Effect.addFinalizer(() => (Deferred.isDoneUnsafe(exit) ? sweepKilled : Effect.void))
      let waiting = true
      return {
        isWaiting: () => waiting && !Deferred.isDoneUnsafe(exit),
        run: (script, output) => {
          waiting = false
          pipe.write(script)
          return PipedProcess.connect(host, acquired, output)
        }
      }
    })
