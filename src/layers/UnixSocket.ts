/**
 * A unix socket that appears at a path when it is ready: with mode 0600 from the first moment, in place of one that
 * nobody listens on, never in place of one that somebody does, and by one of several servers that start at once
 * (docs/decisions/0014-unix-socket.md).
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SystemError from "../services/SystemError.ts"
import { ListenError } from "./HttpListener.ts"

/** Of `sockaddr_un` on Linux, without the NUL at the end. Node cuts longer ones off in silence. */
const MAX_PATH_BYTES = 107
/** What stands behind the directory while the socket is not ready: `/.XXXXXX/XXXXXX`. */
const HIDDEN_BYTES = 15
/** How long another server may take between its lock and its socket, which takes it a millisecond. */
const LOCK_TIME_MS = 5000
const RETRY = "5 millis"

const fail = (message: string) => Effect.fail(new ListenError({ message }))
const inUse = (socket: string) => fail(`app-server control socket is already in use at ${socket}`)

/** The system's answer, or its error. */
const system = <A>(call: () => A): Effect.Effect<A, NodeJS.ErrnoException> =>
  Effect.try({ try: call, catch: (error) => error as NodeJS.ErrnoException })

const quietly = (call: () => void): void => {
  try {
    call()
  } catch {
    // gone, or somebody else's by now
  }
}

/** Whether somebody listens on a socket. */
const isLive = (socket: string): Effect.Effect<boolean, NodeJS.ErrnoException> =>
  Effect.callback((resume) => {
    const probe = net.connect({ path: socket })
    probe.once("connect", () => {
      probe.destroy()
      resume(Effect.succeed(true))
    })
    probe.once("error", (error: NodeJS.ErrnoException) => {
      switch (error.code) {
        case "ECONNREFUSED":
        case "ENOENT":
          return resume(Effect.succeed(false))
        case "EAGAIN": // many others are waiting for it
          return resume(Effect.succeed(true))
        case "ECONNRESET": // it was, until just now
          return resume(isLive(socket))
        default:
          return resume(Effect.fail(error))
      }
    })
  })

/** Fails unless a socket may be put at this path: a dead socket, or a link to nothing, is in nobody's way. */
const checkFree = Effect.fnUntraced(function* (socket: string) {
  const stat = yield* system(() => fs.statSync(socket, { throwIfNoEntry: false }))
  if (stat === undefined) return
  if (!stat.isSocket()) {
    return yield* fail(`app-server control socket path exists and is not a socket: ${socket}`)
  }
  if (yield* isLive(socket)) return yield* inUse(socket)
})

/**
 * Moves the directory with our socket to where only one can be at a time. A directory is replaced only while it is
 * empty, and what lies in one is removed by its name, which nobody else uses: so nobody removes a lock that was
 * taken after he looked.
 */
const takeLock = Effect.fnUntraced(function* (hidden: string, lock: string, socket: string) {
  const end = Date.now() + LOCK_TIME_MS
  for (;;) {
    const taken = yield* system(() => fs.renameSync(hidden, lock)).pipe(
      Effect.as(true),
      Effect.catchIf(
        ({ code }) => code === "ENOTEMPTY" || code === "EEXIST",
        () => Effect.succeed(false)
      )
    )
    if (taken) return
    let held = false
    const names = yield* system(() => fs.readdirSync(lock)).pipe(
      Effect.catchIf(
        ({ code }) => code === "ENOENT",
        () => Effect.succeed([])
      )
    )
    for (const name of names) {
      const holder = path.join(lock, name)
      if (yield* isLive(holder)) held = true
      else quietly(() => fs.unlinkSync(holder))
    }
    if (Date.now() > end) return yield* inUse(socket)
    if (held) yield* Effect.sleep(RETRY)
  }
})

const checkLength = (socket: string) => {
  const directory = Buffer.byteLength(path.dirname(socket))
  const tooLong = Buffer.byteLength(socket) > MAX_PATH_BYTES || directory + HIDDEN_BYTES > MAX_PATH_BYTES
  return tooLong
    ? fail(
        `the path of a unix socket may have at most ${MAX_PATH_BYTES} bytes, that of its directory ${MAX_PATH_BYTES - HIDDEN_BYTES}; choose a shorter one than ${socket}`
      )
    : Effect.void
}

/**
 * Makes `listen` listen on a socket and puts that at an absolute path. The end of the Scope removes it, unless
 * somebody else's has taken its place.
 */
export const publish = (
  socket: string,
  listen: (where: { readonly path: string }) => Effect.Effect<void, ListenError>
): Effect.Effect<void, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkLength(socket)
    const directory = path.dirname(socket)
    const digest = crypto.createHash("sha256").update(path.basename(socket)).digest("hex")
    const lock = path.join(directory, `.${digest.slice(0, 6)}`)
    // 0700, so that nobody gets at the socket before its mode is right
    const hidden = yield* system(() => fs.mkdtempSync(`${directory}/.`))
    const name = path.basename(hidden).slice(1)
    const inside = (place: string) => path.join(place, name)
    const cleanUp = Effect.sync(() => {
      for (const place of [hidden, lock]) {
        quietly(() => fs.unlinkSync(inside(place)))
        quietly(() => fs.rmdirSync(place))
      }
    })
    yield* Effect.gen(function* () {
      yield* listen({ path: inside(hidden) })
      yield* system(() => fs.chmodSync(inside(hidden), 0o600))
      const { dev, ino } = yield* system(() => fs.statSync(inside(hidden)))
      yield* takeLock(hidden, lock, socket)
      yield* checkFree(socket)
      yield* Effect.acquireRelease(
        system(() => fs.renameSync(inside(lock), socket)),
        () =>
          Effect.sync(() =>
            quietly(() => {
              const there = fs.lstatSync(socket)
              // as long as we listen nobody puts another one there between these two
              if (there.dev === dev && there.ino === ino) fs.unlinkSync(socket)
            })
          )
      )
    }).pipe(Effect.ensuring(cleanUp))
  }).pipe(
    Effect.mapError((error) =>
      error instanceof ListenError
        ? error
        : new ListenError({ message: `cannot make ${socket}: ${SystemError.text(error)}` })
    )
  )
