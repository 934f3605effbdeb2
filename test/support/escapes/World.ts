/** What an attempt could reach outside of its sandbox: files, listeners, processes, queues, keys, a terminal. */
import * as ChildProcess from "node:child_process"
import * as dgram from "node:dgram"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as net from "node:net"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { HAS_KOFFI } from "./attempts.ts"

/** Not below a temporary directory, which a workspace may write. */
const PARENT = "/var/tmp"

/** A directory that no sandbox lets a command write; it goes with the Scope. */
export const outsideDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(path.join(PARENT, "effect-app-server-escapes-")))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** All that can be told of a directory and of what is in it, but when it was read. */
export const snapshot = (directory: string): string => {
  const lines: Array<string> = []
  const visit = (file: string) => {
    const stat = fs.lstatSync(file, { bigint: true })
    const { ctimeNs, gid, mode, nlink, size, uid } = stat
    const content = stat.isFile()
      ? fs.readFileSync(file, "latin1")
      : stat.isSymbolicLink()
        ? fs.readlinkSync(file)
        : ""
    lines.push([file, mode, uid, gid, nlink, size, ctimeNs, JSON.stringify(content)].join(" "))
    if (stat.isDirectory())
      fs.readdirSync(file)
        .sort()
        .forEach((name) => visit(path.join(file, name)))
  }
  visit(directory)
  return lines.join("\n")
}

/** A file and a directory to be harmed. */
export const plant = (directory: string): string => {
  fs.mkdirSync(path.join(directory, "dir"), { recursive: true })
  fs.writeFileSync(path.join(directory, "victim"), "untouched\n")
  return directory
}

type Call = (...args: ReadonlyArray<unknown>) => number
interface Koffi {
  readonly load: (library: null) => { readonly func: (declaration: string) => Call }
}

const IPC_RMID = 0
const IPC_CREAT = 0o1000
const IPC_NOWAIT = 0o4000
const MSG_DONTWAIT = 0x40
const AF_UNIX = 1
const SOCK_DGRAM = 2
const KEY_SPEC_SESSION_KEYRING = -3
const KEY_SPEC_USER_KEYRING = -4
const KEYCTL_UNLINK = 9
const KEYCTL_SEARCH = 10

interface Source {
  readonly env: Readonly<Record<string, string>>
  /** What came since it was asked last. */
  readonly take: () => string
  readonly close: () => void
}

/** What the kernel keeps for everybody, and a datagram socket, which Node lacks. */
const kernelSources = (directory: string): ReadonlyArray<Source> => {
  if (!HAS_KOFFI) return []
  const koffi = createRequire(import.meta.url)("koffi") as Koffi
  const libc = koffi.load(null)
  const key = 0x45000000 + process.pid
  const bytes = Buffer.alloc(256)
  const text = (length: number, from = 0) =>
    length > 0 ? bytes.toString("latin1", from, from + length).replace(/\0+$/, "") : ""

  const shared = libc.func("int shmget(int, size_t, int)")(key, 64, IPC_CREAT | 0o600)
  const memory = libc.func("void *shmat(int, void *, int)")(shared, null, 0)
  const memcpy = libc.func("void *memcpy(void *, void *, size_t)")
  const read = libc.func("void *memcpy(_Out_ void *, void *, size_t)")

  const queue = libc.func("int msgget(int, int)")(key, IPC_CREAT | 0o600)
  const msgrcv = libc.func("long msgrcv(int, void *, size_t, long, int)")

  const name = `/escapes-${process.pid}`
  const posix = libc.func("int mq_open(const char *, int, uint, void *)")(
    name,
    fs.constants.O_CREAT | fs.constants.O_RDWR | fs.constants.O_NONBLOCK,
    0o600,
    new BigInt64Array([0n, 4n, 128n, 0n, 0n, 0n, 0n, 0n])
  )
  const mqReceive = libc.func("long mq_receive(int, void *, size_t, void *)")

  const socket = libc.func("int socket(int, int, int)")(AF_UNIX, SOCK_DGRAM, 0)
  const datagram = path.join(directory, "datagram")
  const address = Buffer.alloc(110)
  address.writeUInt16LE(AF_UNIX, 0)
  address.write(datagram, 2)
  libc.func("int bind(int, void *, uint)")(socket, address, address.length)
  const recv = libc.func("long recv(int, void *, size_t, int)")

  const numbers = { x64: [248, 250], arm64: [217, 219] }[process.arch as "x64" | "arm64"]
  const description = `escapes-${process.pid}`
  const addKey = libc.func("long syscall(long, str, str, str, size_t, int)")
  const keyctl = libc.func("long syscall(long, int, int, str, str, int)")
  const unlink = libc.func("long syscall(long, int, int, int)")
  const keyrings = [KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING]
  for (const ring of keyrings) addKey(numbers[0], "user", description, "secret", 6, ring)

  const all = (receive: () => number, from = 0) => {
    let found = ""
    for (let length = receive(); length >= 0; length = receive()) found += text(length, from)
    return found
  }
  return [
    {
      env: { SHM_KEY: String(key) },
      take: () => {
        read(bytes, memory, 64)
        const found = text(64)
        memcpy(memory, Buffer.alloc(64), 64)
        return found
      },
      close: () => void libc.func("int shmctl(int, int, void *)")(shared, IPC_RMID, null)
    },
    {
      env: { MSG_KEY: String(key) },
      take: () => all(() => msgrcv(queue, bytes, 200, 0, IPC_NOWAIT), 8),
      close: () => void libc.func("int msgctl(int, int, void *)")(queue, IPC_RMID, null)
    },
    {
      env: { MQ: name },
      take: () => all(() => mqReceive(posix, bytes, 256, null)),
      close: () => {
        fs.closeSync(posix)
        libc.func("int mq_unlink(const char *)")(name)
      }
    },
    {
      env: { DATAGRAM: datagram },
      take: () => all(() => recv(socket, bytes, 256, MSG_DONTWAIT)),
      close: () => fs.closeSync(socket)
    },
    {
      env: { KEY: description },
      take: () => "",
      close: () => {
        for (const ring of keyrings)
          for (const each of [description, `${description}-new`]) {
            const id = Number(keyctl(numbers[1], KEYCTL_SEARCH, ring, "user", each, 0))
            if (id > 0) unlink(numbers[1], KEYCTL_UNLINK, id, ring)
          }
      }
    }
  ]
}

const sharedMemoryFile = (): Source => {
  const file = `/dev/shm/effect-app-server-escapes-${process.pid}`
  fs.writeFileSync(file, "")
  return {
    env: { SHM: file },
    take: () => {
      const found = fs.readFileSync(file, "latin1")
      if (found !== "") fs.writeFileSync(file, "")
      return found
    },
    close: () => fs.rmSync(file, { force: true })
  }
}

export interface World {
  /** Not writable inside. */
  readonly directory: string
  /** Where things are, for attempts. */
  readonly env: Readonly<Record<string, string>>
  /** All that came from attempts so far. */
  readonly messages: () => string
  /** A process to be harmed. */
  readonly victim: () => ChildProcess.ChildProcess
}

const listening = (server: net.Server, options: net.ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(options, resolve)
  })

export const make: Effect.Effect<World, never, Scope.Scope> = Effect.gen(function* () {
  const directory = yield* outsideDirectory
  let messages = ""
  const receive = (bytes: Buffer) => void (messages += bytes.toString("latin1"))
  const servers: Array<net.Server> = []
  const listen = (options: net.ListenOptions) =>
    Effect.promise(async () => {
      const server = net.createServer((connection) => {
        messages += "[connected]"
        connection.on("data", receive).on("error", () => {})
        connection.on("end", () => connection.end())
      })
      servers.push(server)
      await listening(server, options)
      return String((server.address() as net.AddressInfo).port ?? "")
    })
  const abstract = `escapes-${process.pid}`
  const stream = path.join(directory, "stream")
  const TCP4 = yield* listen({ host: "127.0.0.1", port: 0 })
  const TCP6 = yield* listen({ host: "::1", port: 0 }).pipe(Effect.catchCause(() => Effect.succeed("0")))
  yield* listen({ path: stream })
  yield* listen({ path: `\0${abstract}` })
  const udp = dgram.createSocket("udp4").on("message", receive)
  yield* Effect.callback<void>((resume) => {
    udp.bind(0, "127.0.0.1", () => resume(Effect.void))
  })
  const sources = [...kernelSources(directory), sharedMemoryFile()]
  const victims: Array<ChildProcess.ChildProcess> = []
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      servers.forEach((server) => server.close())
      udp.close()
      sources.forEach(({ close }) => close())
      victims.forEach((victim) => victim.kill("SIGKILL"))
    })
  )
  return {
    directory,
    env: Object.assign(
      { TCP4, TCP6, UDP: String(udp.address().port), STREAM: stream, ABSTRACT: abstract },
      ...sources.map(({ env }) => env)
    ) as Readonly<Record<string, string>>,
    messages: () => (messages += sources.map(({ take }) => take()).join("")),
    victim: () => {
      const victim = ChildProcess.spawn("sleep", ["300"], { stdio: "ignore" })
      victims.push(victim)
      return victim
    }
  }
})
