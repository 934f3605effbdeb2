/**
 * A process on a terminal, whichever way that was opened.
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
import type { OutputBuffer } from "../services/OutputBuffer.ts"
import {
  EAGER_STDIN_BYTES,
  type ExitStatus,
  type RunningProcess,
  type SpawnSpec
} from "../services/ProcessSpawner.ts"
import type { ProcessHost } from "./ProcessHost.ts"
import * as Resource from "../services/Resource.ts"
import * as SystemError from "../services/SystemError.ts"
import type { Lookout, PtyRequest, StartPty } from "./Pty.ts"
import { readBuffer } from "./ReadBuffer.ts"
import { TerminalInput } from "./TerminalInput.ts"

/** From so many bytes on there is probably more, so one chunk is made of it; a keystroke's echo is not held up. */
const BULK_BYTES = 1024
/** What is read after the exit at most; the kernel holds less, but somebody might still write. */
const MAX_DRAIN_BYTES = 1024 * 1024
/** A newline, then the character that ends input at the start of a line. */
const END_OF_INPUT = Buffer.from("\n\x04")

/**
 * Starts the leader of a new session that controls a new terminal; it and all that descends from it end with the
 * Scope.
 */
export const spawn = (
  host: ProcessHost,
  startPty: StartPty,
  spec: SpawnSpec,
  file: string,
  size: CommandExecTerminalSize,
  output: OutputBuffer
): Effect.Effect<RunningProcess, SpawnError, Scope.Scope> =>
  Effect.gen(function* () {
    const exit = Deferred.makeUnsafe<ExitStatus>()
    const mark = host.mark(spec.owner)
    const terminal = yield* Resource.acquire(
      open(host, startPty, { mark, spec, file, size }, output, exit),
      (terminal) => host.end(terminal.pid, mark, exit, terminal.close)
    )
    const { input, lookout, pid } = terminal
    return {
      pid,
      exit: Deferred.await(exit),
      pendingInput: () => input.pending,
      write: (bytes, end) =>
        Effect.callback<boolean>((resume) => {
          const done = (taken: boolean) => resume(Effect.succeed(taken))
          if (input.closed) return done(false)
          lookout.typed()
          const eager = input.pending + bytes.length <= EAGER_STDIN_BYTES
          if (bytes.length > 0) input.write(bytes, eager ? () => {} : done)
          if (end) input.write(END_OF_INPUT, () => {})
          if (eager) done(true)
        }),
      resize: (size) => Effect.sync(() => terminal.resize(size)),
      kill: host.killLed(pid, exit),
      killTree: host.sweep(mark)
    }
  })

const open = (
  host: ProcessHost,
  startPty: StartPty,
  request: Omit<PtyRequest, "onExit">,
  output: OutputBuffer,
  exit: Deferred.Deferred<ExitStatus>
) =>
  Effect.try({
    try: () => {
      let close = nothing
      let drain = nothing
      const onExit = (status: ExitStatus) => {
        host.killGroup(pid)
        host.ended(pid)
        drain()
        output.end("stdout")
        close()
        Deferred.doneUnsafe(exit, Effect.succeed(status))
      }
      const { lookout, master, pid, resize, slave } = startPty({ ...request, onExit })
      const input = new TerminalInput(master)
      const take = (length: number) => output.push("stdout", readBuffer.subarray(0, length))
      const reader = new tty.ReadStream(master, {
        onread: {
          buffer: readBuffer,
          callback: (length) => {
            take(length < BULK_BYTES ? length : length + readMore(master, length, lookout.hasMore))
            return true
          }
        }
      } as ConstructorParameters<typeof tty.ReadStream>[1])
      reader.on("error", () => {})
      reader.resume()
      output.attach({ pause: () => reader.pause(), resume: () => reader.resume() })

      drain = () => {
        reader.pause()
        for (let total = 0; total < MAX_DRAIN_BYTES;) {
          const length = readMore(master, 0, always)
          if (length === 0) return
          take(length)
          total += length
        }
      }
      close = () => {
        close = drain = nothing
        input.close()
        host.descriptors.closed(master)
        reader.destroy()
        fs.closeSync(slave)
      }
      return {
        pid,
        input,
        lookout,
        close: () => close(),
        resize: (size: CommandExecTerminalSize) => {
          if (!input.closed) resize(size)
        }
      }
    },
    catch: (error) => new SpawnError({ message: SystemError.text(error) })
  })

const nothing = () => {}
const always = () => true

/** Reads into the buffer from `offset` on until it is full or there is no more. */
const readMore = (fd: number, offset: number, hasMore: Lookout["hasMore"]): number => {
  let end = offset
  try {
    for (let read = offset; end < readBuffer.length && hasMore(end, read); end += read) {
      read = fs.readSync(fd, readBuffer, end, readBuffer.length - end, null)
      if (read === 0) break
    }
  } catch {
    // EAGAIN: that was all for now
  }
  return end - offset
}
