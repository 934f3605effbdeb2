/**
 * A process on a terminal, through node-pty's addon.
 *
 * The server holds the terminal's other side open, too. So the kernel keeps what was written until it is read:
 * nothing is lost when the process exits while its output waits, nor to a libuv that takes a hang-up for the end
 * (before 1.52). At the exit everything that the kernel holds is read, then both sides are closed.
 */
import * as fs from "node:fs"
import * as tty from "node:tty"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CommandExecTerminalSize } from "../rpc/CommandExec.ts"
import { SpawnError } from "../services/CommandExecError.ts"
import { MAX_CHUNK_BYTES, type OutputBuffer } from "../services/OutputBuffer.ts"
import {
  EAGER_STDIN_BYTES,
  type ExitStatus,
  type RunningProcess,
  type SpawnSpec
} from "../services/ProcessSpawner.ts"
import * as ProcessGroup from "./ProcessGroup.ts"
import * as PtyAddon from "./PtyAddon.ts"
import { TerminalInput } from "./TerminalInput.ts"

/** From so many bytes on there is probably more, so one chunk is made of it; a keystroke's echo is not held up. */
const BULK_BYTES = 1024
/** What is read after the exit at most; the kernel holds less, but somebody might still write. */
const MAX_DRAIN_BYTES = 1024 * 1024
/** A newline, then the character that ends input at the start of a line. */
const END_OF_INPUT = Buffer.from("\n\x04")

/** All terminals read into this one; what is kept is copied out at once. */
const scratch = Buffer.allocUnsafeSlow(MAX_CHUNK_BYTES)

/** Starts the leader of a new session that controls a new terminal; its group ends with the Scope. */
export const spawn = (
  spec: SpawnSpec,
  size: CommandExecTerminalSize,
  output: OutputBuffer
): Effect.Effect<RunningProcess, SpawnError, Scope.Scope> =>
  Effect.gen(function* () {
    const exit = Deferred.makeUnsafe<ExitStatus>()
    const terminal = yield* Effect.acquireRelease(open(spec, size, output, exit), (terminal) =>
      Effect.andThen(ProcessGroup.end(terminal.pid, exit), Effect.sync(terminal.close))
    )
    const { input, pid } = terminal
    return {
      pid,
      exit: Deferred.await(exit),
      pendingInput: () => input.pending,
      write: (bytes, end) =>
        Effect.callback<boolean>((resume) => {
          const done = (taken: boolean) => resume(Effect.succeed(taken))
          if (input.closed) return done(false)
          const eager = input.pending + bytes.length <= EAGER_STDIN_BYTES
          if (bytes.length > 0) input.write(bytes, eager ? () => {} : done)
          if (end) input.write(END_OF_INPUT, () => {})
          if (eager) done(true)
        }),
      resize: ({ cols, rows }) => Effect.sync(() => terminal.resize(cols, rows)),
      kill: ProcessGroup.kill(pid)
    }
  })

const open = (
  { argv: [file, ...args], cwd, env }: SpawnSpec,
  { cols, rows }: CommandExecTerminalSize,
  output: OutputBuffer,
  exit: Deferred.Deferred<ExitStatus>
) =>
  Effect.try({
    try: () => {
      const addon = PtyAddon.load()
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const onExit = (code: number, signal: number) => {
        Effect.runSync(ProcessGroup.kill(pid))
        drain()
        output.end("stdout")
        close()
        Deferred.doneUnsafe(exit, Effect.succeed(signal > 0 ? { signal } : { code }))
      }
      const { fd, pid, pty } = addon.fork(
        file,
        args,
        variables,
        cwd,
        cols,
        rows,
        -1,
        -1,
        true,
        addon.helperPath,
        onExit
      )
      const slave = fs.openSync(pty, fs.constants.O_RDWR | fs.constants.O_NOCTTY)
      const input = new TerminalInput(fd)
      const take = (length: number) => output.push("stdout", Buffer.from(scratch.subarray(0, length)))
      const reader = new tty.ReadStream(fd, {
        onread: {
          buffer: scratch,
          callback: (length) => {
            take(length < BULK_BYTES ? length : length + readMore(fd, length))
            return true
          }
        }
      } as ConstructorParameters<typeof tty.ReadStream>[1])
      reader.on("error", () => {})
      reader.resume()
      output.attach({ pause: () => reader.pause(), resume: () => reader.resume() })

      let closed = false
      const drain = () => {
        if (closed) return
        reader.pause()
        for (let total = 0; total < MAX_DRAIN_BYTES;) {
          const length = readMore(fd, 0)
          if (length === 0) return
          take(length)
          total += length
        }
      }
      const close = () => {
        if (closed) return
        closed = true
        input.close()
        reader.destroy()
        fs.closeSync(slave)
      }
      const resize = (cols: number, rows: number) => {
        if (!closed) addon.resize(fd, cols, rows, 0, 0)
      }
      return { pid, input, resize, close }
    },
    catch: (error) => new SpawnError({ message: error instanceof Error ? error.message : String(error) })
  })

/** Reads into the scratch buffer from `offset` on until it is full or there is no more. */
const readMore = (fd: number, offset: number): number => {
  let length = 0
  try {
    while (offset + length < scratch.length) {
      const read = fs.readSync(fd, scratch, offset + length, scratch.length - offset - length, null)
      if (read === 0) break
      length += read
    }
  } catch {
    // EAGAIN: that was all for now
  }
  return length
}
