/** Sockets as they appear and go, with a bare listener behind them. */
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ListenError } from "../../src/layers/HttpListener.ts"
import * as UnixSocket from "../../src/layers/UnixSocket.ts"
import { temporaryDirectory } from "../support/harness.ts"

const mode = (file: string) => fs.lstatSync(file).mode & 0o777

/** A listener that says its name. */
const listener = (name: string, atFirst: (where: string) => void = () => {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => net.createServer((client) => client.on("error", () => {}).end(name))),
      (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    ),
    (server) =>
      ({ path: where }: { readonly path: string }) =>
        Effect.callback<void, ListenError>((resume) => {
          server.once("error", (error) => resume(Effect.fail(new ListenError({ message: error.message }))))
          server.listen(where, () => resume(Effect.void))
          atFirst(where)
        })
  )

/** Listens at a path, in a Scope of its own. */
const publish = Effect.fnUntraced(function* (socket: string, name: string) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  yield* Effect.flatMap(listener(name), (listen) => UnixSocket.publish(socket, listen)).pipe(
    Scope.provide(scope),
    Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
  )
  return { close: Scope.close(scope, Exit.void) }
})

/** Who listens at a path. */
const ask = (socket: string) =>
  Effect.callback<string>((resume) => {
    let said = ""
    const client = net.connect({ path: socket })
    client.on("data", (bytes) => (said += bytes.toString()))
    client.on("error", (error) => resume(Effect.succeed((error as NodeJS.ErrnoException).code!)))
    client.on("end", () => resume(Effect.succeed(said)))
  })

/** Leaves a socket that nobody listens on, as one that was killed does. */
const abandon = (socket: string) =>
  Effect.callback<void>((resume) => {
    const server = net.createServer()
    server.listen(`${socket}.bound`, () => {
      fs.renameSync(`${socket}.bound`, socket)
      server.close(() => resume(Effect.void))
    })
  })

/** What is beside a socket while somebody looks whether it is free. */
const lockOf = Effect.fnUntraced(function* (directory: string, socket: string) {
  let beside: ReadonlyArray<string> = []
  const live = net.createServer((client) => {
    beside = fs.readdirSync(directory).filter((name) => name !== path.basename(socket))
    client.destroy()
  })
  yield* Effect.callback<void>((resume) => void live.listen(socket, () => resume(Effect.void)))
  yield* Effect.flip(publish(socket, "x"))
  yield* Effect.callback<void>((resume) => void live.close(() => resume(Effect.void)))
  assert.strictEqual(beside.length, 1)
  return path.join(directory, beside[0]!)
})

describe("UnixSocket", () => {
  it.live("is there when it is ready, for its owner alone, whatever the umask", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const socket = path.join(directory, "s")
      yield* Effect.acquireRelease(
        Effect.sync(() => process.umask(0)),
        (before) => Effect.sync(() => process.umask(before))
      )
      let looked = 0
      const listen = yield* listener("me", (where) => {
        // bound, with whatever mode, where nobody else can go
        assert.isTrue(fs.lstatSync(where).isSocket())
        assert.strictEqual(mode(path.dirname(where)), 0o700)
        assert.strictEqual(path.dirname(path.dirname(where)), directory)
        assert.isFalse(fs.existsSync(socket))
        looked++
      })
      yield* UnixSocket.publish(socket, listen)
      assert.strictEqual(looked, 1)
      assert.strictEqual(mode(socket), 0o600)
      assert.strictEqual(yield* ask(socket), "me")
      assert.deepStrictEqual(fs.readdirSync(directory), ["s"])
    })
  )

  it.live("goes with its listener, unless another has its place", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const socket = path.join(directory, "s")
      const first = yield* publish(socket, "first")
      yield* first.close
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      const second = yield* publish(socket, "second")
      fs.unlinkSync(socket)
      yield* publish(socket, "third")
      yield* second.close
      assert.strictEqual(yield* ask(socket), "third")
    })
  )

  it.live("takes the place of a socket on which nobody listens, and of a link to nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const socket = path.join(directory, "s")
      const real = path.join(directory, "real")
      yield* abandon(socket)
      const first = yield* publish(socket, "first")
      assert.strictEqual(yield* ask(socket), "first")
      yield* first.close
      yield* abandon(real)
      for (const target of [real, "/nonexistent/x"]) {
        fs.symlinkSync(target, socket)
        const next = yield* publish(socket, target)
        assert.isTrue(fs.lstatSync(socket).isSocket())
        assert.strictEqual(yield* ask(socket), target)
        yield* next.close
      }
    })
  )

  it.live("leaves whoever listens alone, behind a link, too, and all that is no socket", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const at = (name: string) => path.join(directory, name)
      yield* publish(at("live"), "live")
      fs.symlinkSync("live", at("link"))
      for (const name of ["live", "link"]) {
        assert.deepInclude(yield* Effect.flip(publish(at(name), "x")), {
          _tag: "ListenError",
          message: `app-server control socket is already in use at ${at(name)}`
        })
        assert.strictEqual(yield* ask(at(name)), "live")
      }
      fs.writeFileSync(at("file"), "content")
      fs.mkdirSync(at("directory"))
      fs.symlinkSync("file", at("to file"))
      for (const name of ["file", "directory", "to file"]) {
        assert.deepInclude(yield* Effect.flip(publish(at(name), "x")), {
          message: `app-server control socket path exists and is not a socket: ${at(name)}`
        })
      }
      assert.strictEqual(fs.readFileSync(at("file"), "utf8"), "content")
      assert.deepStrictEqual(fs.readdirSync(directory).sort(), [
        "directory",
        "file",
        "link",
        "live",
        "to file"
      ])
    })
  )

  it.live("says where it cannot be, and leaves nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const missing = path.join(directory, "no/such/s")
      assert.deepInclude(yield* Effect.flip(publish(missing, "x")), {
        message: `cannot make ${missing}: No such file or directory (os error 2)`
      })
      // of 107 bytes, in a directory of 92
      const deep = path.join(directory, "d".repeat(92 - directory.length - 1))
      fs.mkdirSync(deep)
      const longest = path.join(deep, "s".repeat(14))
      yield* publish(longest, "longest")
      assert.strictEqual(yield* ask(longest), "longest")
      fs.mkdirSync(`${deep}d`)
      for (const socket of [`${longest}s`, `${deep}d/s`, path.join(directory, "ä".repeat(50))]) {
        assert.deepInclude(yield* Effect.flip(publish(socket, "x")), {
          message: `the path of a unix socket may have at most 107 bytes, that of its directory 92; choose a shorter one than ${socket}`
        })
      }
      assert.deepStrictEqual(fs.readdirSync(directory).sort(), [
        path.basename(deep),
        `${path.basename(deep)}d`
      ])
      assert.deepStrictEqual(fs.readdirSync(`${deep}d`), [])
    })
  )

  it.live(
    "is given to exactly one of many that want it at once, however often, whatever was left there",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const socket = path.join(directory, "s")
        const lock = yield* lockOf(directory, socket)
        for (let round = 0; round < 30; round++) {
          if (round % 3 === 0) yield* abandon(socket)
          if (round % 2 === 0) {
            // what one leaves that is killed while it has the lock
            fs.mkdirSync(lock)
            yield* abandon(path.join(lock, "dead"))
          }
          const all = yield* Effect.all(
            Array.from({ length: 10 }, (_, i) => Effect.exit(publish(socket, `${i}`))),
            { concurrency: "unbounded" }
          )
          const winners = all.flatMap((exit, i) =>
            Exit.isSuccess(exit) ? [{ i, close: exit.value.close }] : []
          )
          assert.strictEqual(winners.length, 1)
          assert.strictEqual(yield* ask(socket), `${winners[0]!.i}`)
          assert.deepStrictEqual(fs.readdirSync(directory), ["s"])
          yield* winners[0]!.close
          assert.deepStrictEqual(fs.readdirSync(directory), [])
        }
      })
  )
})
