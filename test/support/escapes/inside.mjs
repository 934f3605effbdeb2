/**
 * The attempts of the escape corpus that need system calls. `node inside.mjs JSON` takes a list of
 * `[id, name, environment]`, makes each and prints `[id 0]` if it succeeded. A failed one says why on stderr.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as net from "node:net"
import * as http from "node:http"

const koffi = createRequire(import.meta.url)("koffi")
const libc = koffi.load(null)
const errnoNames = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))

const AT_FDCWD = -100
/** Where the attempt that is being made finds things. */
let MARK, OUT, WS, SERVER, victim, target
const enter = (environment) => {
  Object.assign(process.env, environment)
  ;({ MARK, OUT, WS, SERVER } = process.env)
  victim = Number(process.env.VICTIM)
  target = `${OUT}/victim`
}

/** A libc function that throws with the name of its error. */
const bind = (declaration) => {
  const call = libc.func(declaration)
  return (...args) => {
    const result = call(...args)
    if (result < 0)
      throw new Error(`${declaration.split("(")[0]}: ${errnoNames.get(koffi.errno()) ?? koffi.errno()}`)
    return Number(result)
  }
}
const syscall = (number, ...types) => {
  const call = bind(`long syscall(${["long", ...types].join(", ")})`)
  return (...args) => call(number, ...args)
}
/** Numbers above 423 are the same everywhere. */
const NUMBERS = {
  x64: { ioctl: 16, add_key: 248, request_key: 249, keyctl: 250, setns: 308, renameat2: 316, bpf: 321 },
  arm64: { ioctl: 29, add_key: 217, request_key: 218, keyctl: 219, setns: 268, renameat2: 276, bpf: 280 }
}[process.arch]

const ioctl = syscall(NUMBERS.ioctl, "long", "uint64_t", "void *")
const socket = bind("int socket(int, int, int)")
const AF_UNIX = 1
const SOCK_DGRAM = 2

const copy = (to) => libc.func("void *memcpy(void *, const char *, size_t)")(to, MARK, MARK.length + 1)
const written = (fd) => fs.writeSync(fd, MARK)

const address = (file) => {
  const bytes = Buffer.alloc(110)
  bytes.writeUInt16LE(AF_UNIX, 0)
  bytes.write(file, 2)
  return bytes.subarray(0, 2 + Buffer.byteLength(file) + 1)
}
const internet = (port, six) => {
  const bytes = Buffer.alloc(six ? 28 : 16)
  bytes.writeUInt16LE(six ? 10 : 2, 0)
  bytes.writeUInt16BE(port, 2)
  if (six) bytes[23] = 1
  else bytes.set([127, 0, 0, 1], 4)
  return bytes
}
const sendto = (fd, to) =>
  bind("long sendto(int, void *, size_t, int, void *, uint32_t)")(
    fd,
    Buffer.from(MARK),
    MARK.length,
    0,
    to,
    to.length
  )
const pointer = (buffer) => koffi.address(buffer)
/** `sendmsg(2)` with an address. */
const sendmsg = (fd, to) => {
  const text = Buffer.from(MARK)
  const iov = new BigUint64Array([pointer(text), BigInt(text.length)])
  const header = new BigUint64Array([pointer(to), BigInt(to.length), pointer(iov), 1n, 0n, 0n, 0n])
  return bind("long sendmsg(int, void *, int)")(fd, header, 0)
}

const say = (options) =>
  new Promise((resolve, reject) => {
    const connection = net.connect(options, () => connection.end(MARK))
    connection.on("error", reject)
    connection.on("close", resolve)
    connection.resume()
  })

/** Any address family but AF_UNIX; those that could be opened. */
const families = () => {
  const open = []
  for (let family = 0; family <= 45; family++) {
    if (family === AF_UNIX) continue
    for (const type of [1, 2, 3, 5]) {
      try {
        fs.closeSync(socket(family, type, family === 17 ? 0x0300 : 0))
        open.push(`${family}/${type}`)
      } catch {
        // as it should
      }
    }
  }
  if (open.length === 0) throw new Error("no family")
}

const openTree = () => {
  const tree = syscall(428, "int", "str", "uint")(AT_FDCWD, "/", 1 | 0x8000) // OPEN_TREE_CLONE, AT_RECURSIVE
  const attributes = new BigUint64Array([0n, 1n, 0n, 0n]) // clears MOUNT_ATTR_RDONLY
  syscall(442, "int", "str", "uint", "void *", "size_t")(tree, "", 0x9000, attributes, 32) // AT_EMPTY_PATH, AT_RECURSIVE
  const file = bind("int openat(int, const char *, int)")(tree, target.slice(1), fs.constants.O_WRONLY)
  written(file)
}

const withPidfd = (use) => {
  const pidfd = syscall(434, "int", "uint")(victim, 0)
  try {
    return use(pidfd)
  } finally {
    fs.closeSync(pidfd)
  }
}

const ATTEMPTS = {
  "reopen-descriptor": () => written(fs.openSync(`/proc/self/fd/${fs.openSync(target, "r")}`, "r+")),
  "tmpfile-linkat": () => {
    const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY
    const fd = fs.openSync(`${OUT}/dir`, O_TMPFILE | fs.constants.O_RDWR, 0o600)
    written(fd)
    bind("int linkat(int, const char *, int, const char *, int)")(
      AT_FDCWD,
      `/proc/self/fd/${fd}`,
      AT_FDCWD,
      `${OUT}/dir/linked`,
      0x400
    )
  },
  "tmpfile-linkat-from-workspace": () => {
    const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY
    const fd = fs.openSync(WS, O_TMPFILE | fs.constants.O_RDWR, 0o600)
    bind("int linkat(int, const char *, int, const char *, int)")(
      AT_FDCWD,
      `/proc/self/fd/${fd}`,
      AT_FDCWD,
      `${OUT}/dir/linked`,
      0x400
    )
  },
  "rename-exchange": () => {
    fs.writeFileSync(`${WS}/other`, MARK)
    syscall(
      NUMBERS.renameat2,
      "int",
      "str",
      "int",
      "str",
      "uint"
    )(AT_FDCWD, `${WS}/other`, AT_FDCWD, target, 2)
  },
  "mmap-shared": () => {
    const fd = fs.openSync(target, "r+")
    const map = libc.func("void *mmap(void *, size_t, int, int, int, long)")(null, 4096, 3, 1, fd, 0)
    copy(map)
    libc.func("int msync(void *, size_t, int)")(map, 4096, 4)
  },
  setxattr: () =>
    bind("int setxattr(const char *, const char *, void *, size_t, int)")(
      target,
      "user.escape",
      Buffer.from("x"),
      1,
      0
    ),
  "file-flags": () => {
    const FS_IOC_SETFLAGS = 0x40086602n
    ioctl(fs.openSync(target, "r"), FS_IOC_SETFLAGS, new Int32Array([0x40, 0])) // FS_NODUMP_FL
  },
  "file-handle": () => {
    const handle = Buffer.alloc(136)
    handle.writeUInt32LE(128, 0)
    const mount = new Int32Array(1)
    bind("int name_to_handle_at(int, const char *, void *, void *, int)")(AT_FDCWD, target, handle, mount, 0)
    const root = fs.openSync("/", "r")
    written(bind("int open_by_handle_at(int, void *, int)")(root, handle, fs.constants.O_WRONLY))
  },
  "open-tree": openTree,
  fsopen: () => {
    const fd = syscall(430, "str", "uint")("tmpfs", 0)
    syscall(431, "int", "uint", "void *", "void *", "int")(fd, 6, null, null, 0) // FSCONFIG_CMD_CREATE
    const mount = syscall(432, "int", "uint", "uint")(fd, 0, 0)
    fs.closeSync(
      bind("int openat(int, const char *, int, int)")(mount, "file", fs.constants.O_CREAT | 1, 0o600)
    )
  },
  bpf: () => {
    const attributes = new Uint32Array(32)
    attributes.set([2, 4, 4, 1]) // an array of one number
    fs.closeSync(syscall(NUMBERS.bpf, "int", "void *", "uint")(0, attributes, 128))
  },

  ptrace: () => bind("long ptrace(int, int, void *, void *)")(0x4206, victim, null, null),
  traceme: () => {
    const script =
      "const k=require(process.argv[1]);process.exit(k.load(null).func('long ptrace(int,int,void*,void*)')(0,0,null,null)<0?1:0)"
    const { status } = spawnSync(process.execPath, [
      "-e",
      script,
      createRequire(import.meta.url).resolve("koffi")
    ])
    if (status !== 0) throw new Error(`${status}`)
  },
  "process-vm-writev": () => {
    const line = fs
      .readFileSync(`/proc/${victim}/maps`, "utf8")
      .split("\n")
      .find((line) => line.includes("[stack]"))
    const at = line === undefined ? 0x10000n : BigInt(`0x${line.split("-")[0]}`)
    const from = Buffer.from("x")
    const local = new BigUint64Array([pointer(from), 1n])
    const remote = new BigUint64Array([at, 1n])
    bind("long process_vm_writev(int, void *, ulong, void *, ulong, ulong)")(victim, local, 1, remote, 1, 0)
  },
  "process-vm-readv-of-pid-1": () => {
    const to = Buffer.alloc(1)
    const line = fs
      .readFileSync(`/proc/1/maps`, "utf8")
      .split("\n")
      .find((line) => line.includes("[stack]"))
    const local = new BigUint64Array([pointer(to), 1n])
    const remote = new BigUint64Array([BigInt(`0x${line.split("-")[0]}`), 1n])
    bind("long process_vm_readv(int, void *, ulong, void *, ulong, ulong)")(1, local, 1, remote, 1, 0)
  },
  "process-memory": () => fs.closeSync(fs.openSync(`/proc/${victim}/mem`, "r+")),
  "server-memory": () => fs.closeSync(fs.openSync(`/proc/${SERVER}/mem`, "r+")),
  "pidfd-signal": () => withPidfd((fd) => syscall(424, "int", "int", "void *", "uint")(fd, 9, null, 0)),
  "pidfd-getfd": () => withPidfd((fd) => fs.closeSync(syscall(438, "int", "int", "uint")(fd, 0, 0))),
  prlimit: () => bind("int prlimit64(int, int, void *, void *)")(victim, 4, null, new BigUint64Array(2)),
  setpriority: () => bind("int setpriority(int, uint, int)")(0, victim, 10),
  "shared-memory": () => {
    const id = bind("int shmget(int, size_t, int)")(Number(process.env.SHM_KEY), 64, 0)
    const memory = libc.func("void *shmat(int, void *, int)")(id, null, 0)
    copy(memory)
  },
  "message-queue": () => {
    const id = bind("int msgget(int, int)")(Number(process.env.MSG_KEY), 0)
    const message = Buffer.alloc(8 + MARK.length)
    message.writeBigInt64LE(1n, 0)
    message.write(MARK, 8)
    bind("int msgsnd(int, void *, size_t, int)")(id, message, MARK.length, 0)
  },
  "posix-message-queue": () => {
    const queue = bind("int mq_open(const char *, int)")(process.env.MQ, 1 | fs.constants.O_NONBLOCK)
    bind("int mq_send(int, const char *, size_t, uint)")(queue, MARK, MARK.length, 0)
  },
  "find-key": () =>
    syscall(NUMBERS.request_key, "str", "str", "void *", "int")("user", process.env.KEY, null, 0),
  "search-session-keyring": () =>
    syscall(NUMBERS.keyctl, "int", "int", "str", "str", "int")(10, -3, "user", process.env.KEY, 0),
  "add-key": () =>
    syscall(
      NUMBERS.add_key,
      "str",
      "str",
      "str",
      "size_t",
      "int"
    )("user", `${process.env.KEY}-new`, "x", 1, -4),

  tcp4: () => say({ host: "127.0.0.1", port: Number(process.env.TCP4) }),
  tcp6: () => say({ host: "::1", port: Number(process.env.TCP6) }),
  udp: () => sendto(socket(2, SOCK_DGRAM, 0), internet(Number(process.env.UDP), false)),
  "udp-sendmsg": () => sendmsg(socket(2, SOCK_DGRAM, 0), internet(Number(process.env.UDP), false)),
  listen: () =>
    new Promise((resolve, reject) => {
      const server = net.createServer().on("error", reject)
      server.listen(0, "127.0.0.1", () => server.close(resolve))
    }),
  "unix-listen": () =>
    new Promise((resolve, reject) => {
      const server = net.createServer().on("error", reject)
      server.listen(`\0${MARK}`, () => server.close(resolve))
    }),
  families,
  "io-uring": () => fs.closeSync(syscall(425, "uint", "void *")(4, new Uint32Array(30))),
  "unix-abstract": () => say({ path: `\0${process.env.ABSTRACT}` }),
  "unix-path": () => say({ path: process.env.STREAM }),
  "unix-datagram-sendto": () => sendto(socket(AF_UNIX, SOCK_DGRAM, 0), address(process.env.DATAGRAM)),
  "unix-datagram-sendmsg": () => sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), address(process.env.DATAGRAM)),
  "unix-raw-sendmsg": () => sendmsg(socket(AF_UNIX, 3, 0), address(process.env.DATAGRAM)),
  "unix-pair-sendmsg": () => {
    const pair = new Int32Array(2)
    bind("int socketpair(int, int, int, _Out_ int *)")(AF_UNIX, SOCK_DGRAM, 0, pair)
    sendmsg(pair[0], address(process.env.DATAGRAM))
  },
  "server-port": () =>
    new Promise((resolve, reject) => {
      http.get(process.env.READYZ, (response) => response.resume().on("end", resolve)).on("error", reject)
    }),

  tiocsti: () => ioctl(0, 0x5412n, Buffer.from("#")),
  "tiocsti-high-bits": () => ioctl(0, 0x100005412n, Buffer.from("#")),
  "tiocsti-sign-bits": () => ioctl(0, 0xffffffff00005412n, Buffer.from("#")),
  "tiocsti-dev-tty": () => ioctl(fs.openSync("/dev/tty", "r+"), 0x5412n, Buffer.from("#")),
  tioclinux: () => {
    try {
      ioctl(0, 0x541cn, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    } catch (error) {
      // what no virtual console has reached the terminal's driver all the same
      if (error.message.includes("EPERM")) throw error
    }
  },
  "other-terminal": () => fs.writeFileSync(process.env.OTHER_TERMINAL, MARK, { flag: "r+" }),
  "other-terminal-tiocsti": () =>
    ioctl(
      fs.openSync(process.env.OTHER_TERMINAL, fs.constants.O_RDWR | fs.constants.O_NOCTTY),
      0x5412n,
      Buffer.from("#")
    ),
  "other-terminal-tiocsctty": () => {
    const fd = fs.openSync(process.env.OTHER_TERMINAL, fs.constants.O_RDWR | fs.constants.O_NOCTTY)
    const { status } = spawnSync("setsid", ["-c", "true"], { stdio: [fd, "ignore", "ignore"] })
    if (status !== 0) throw new Error(`setsid: ${status}`)
  }
}

for (const [id, name, environment] of JSON.parse(process.argv[2])) {
  try {
    enter(environment)
    const attempt = ATTEMPTS[name]
    if (attempt === undefined) throw new Error("no such attempt")
    await attempt()
    fs.writeSync(1, `[${id} 0]\n`)
  } catch (error) {
    fs.writeSync(2, `${name}: ${error.message}\n`)
    fs.writeSync(1, `[${id} 1]\n`)
  }
}
process.exit()
