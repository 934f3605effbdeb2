import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SeccompFilter from "../../src/layers/SeccompFilter.ts"
import type { Architecture } from "../../src/layers/SyscallNumbers.ts"
import { HAS_BUBBLEWRAP } from "../support/bubblewrap.ts"
import { temporaryDirectory } from "../support/harness.ts"
import { RUNS } from "../support/runs.ts"

const ALLOW = 0x7fff0000
const EPERM = 0x00050001
const KILL = 0x80000000

/** Calls with their numbers on x86-64 and arm64, from the headers asm/unistd_64.h and asm-generic/unistd.h. */
const ALWAYS_DENIED = `
  ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, pidfd_getfd 438 438,
  io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
  add_key 248 217, request_key 249 218, keyctl 250 219, bpf 321 280`
const NETWORK_CALLS = `
  connect 42 203, accept 43 202, accept4 288 242, bind 49 200, listen 50 201, sendmmsg 307 269, recvmmsg 299 243`
const BY_ARGUMENT = "ioctl 16 29, socket 41 198, socketpair 53 199"
const SPARED = `
  read 0 63, write 1 64, sendmsg 46 211, recvmsg 47 212, recvfrom 45 207, openat 257 56, clone 56 220, sendto 44 206,
  shutdown 48 210, getsockopt 55 209, setsockopt 54 208, getsockname 51 204, getpeername 52 205`

const COLUMN = { x64: 1, arm64: 2 } as const
const numbers = (table: string, architecture: Architecture): ReadonlyMap<string, number> =>
  new Map(
    table.split(",").map((row) => {
      const words = row.trim().split(" ")
      return [words[0]!, Number(words[COLUMN[architecture]])]
    })
  )

const ARCHITECTURES = ["x64", "arm64"] as const
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const

interface Call {
  readonly nr: number
  readonly arch: number
  readonly args: ReadonlyArray<bigint>
}

/** What becomes of a call, said in another way than by the program. */
const specified = (architecture: Architecture, network: boolean, { arch, args, nr }: Call): number => {
  if (arch !== AUDIT_ARCH[architecture]) return KILL
  if (architecture === "x64" && ((nr & 0x40000000) !== 0 || (nr >= 512 && nr <= 547))) return KILL
  const named = (table: string) => [...numbers(table, architecture)].find(([, number]) => number === nr)?.[0]
  const [first, second] = args.map((arg) => Number(arg & 0xffffffffn)) as [number, number]
  const denied = (): boolean => {
    if (named(ALWAYS_DENIED) !== undefined) return true
    if (named(NETWORK_CALLS) !== undefined) return !network
    switch (named(BY_ARGUMENT)) {
      case "ioctl":
        return second === 0x5412 || second === 0x541c
      case "socket":
      case "socketpair":
        return network ? first === 40 : !(first === 1 && [1, 5].includes(second % 16))
      default:
        return false
    }
  }
  return denied() ? EPERM : ALLOW
}

const LOAD = 0x20
const AND = 0x54
const RETURN = 0x06
const COMPARISONS: Readonly<Record<number, (a: number, k: number) => boolean>> = {
  0x15: (a, k) => a === k,
  0x25: (a, k) => a > k,
  0x35: (a, k) => a >= k,
  0x45: (a, k) => (a & k) !== 0
}

const decode = (program: Uint8Array) => {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  assert.strictEqual(program.byteLength % 8, 0)
  return Array.from({ length: program.byteLength / 8 }, (_, index) => ({
    code: view.getUint16(8 * index, true),
    jt: view.getUint8(8 * index + 2),
    jf: view.getUint8(8 * index + 3),
    k: view.getUint32(8 * index + 4, true)
  }))
}

/** Runs a program of classic BPF on a `struct seccomp_data`, as the kernel does. */
const interpret = (program: Uint8Array, { arch, args, nr }: Call): number => {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, nr, true)
  data.setUint32(4, arch, true)
  data.setBigUint64(8, 0x7f00_1234_5678n, true)
  for (const [index, arg] of args.entries()) data.setBigUint64(16 + 8 * index, arg, true)
  const instructions = decode(program)
  let accumulator = 0
  for (let at = 0; ; at++) {
    const { code, jf, jt, k } = instructions[at] ?? assert.fail(`ran out of the program at ${at}`)
    if (code === RETURN) return k
    if (code === LOAD) accumulator = data.getUint32(k, true)
    else if (code === AND) accumulator = (accumulator & k) >>> 0
    else at += (COMPARISONS[code] ?? assert.fail(`unknown code ${code}`))(accumulator, k) ? jt : jf
  }
}

const build = (architecture: string, network: boolean): Uint8Array =>
  SeccompFilter.build(architecture, { network }) ?? assert.fail(`no program for ${architecture}`)

/** The programs once, since they are the same for each run of a property. */
const PROGRAMS = ARCHITECTURES.flatMap((architecture) =>
  [true, false].map((network) => ({ architecture, network, program: build(architecture, network) }))
)

const U32 = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff }))
const NAMED = ARCHITECTURES.flatMap((architecture) =>
  Array.from(numbers([ALWAYS_DENIED, NETWORK_CALLS, BY_ARGUMENT, SPARED].join(), architecture).values())
)
const Nr = Schema.Union([
  Schema.Literals(NAMED),
  Schema.Literals([...numbers(BY_ARGUMENT, "x64").values(), ...numbers(BY_ARGUMENT, "arm64").values()]),
  Schema.Literals([0x40000000, 0x4000002a, 0xffffffff, 511, 512, 521, 547, 548]),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1023 })),
  U32
])
const Arch = Schema.Union([Schema.Literals([AUDIT_ARCH.x64, AUDIT_ARCH.arm64, 0x40000003]), U32])
/** Domains, socket types with and without flags, commands of ioctl, and what is next to them. */
const LOWS = [
  0, 1, 2, 3, 4, 5, 9, 10, 13, 16, 39, 40, 0x5411, 0x5412, 0x541b, 0x541c, 0x80001, 0x80802, 0x80805
]
const HIGHS = [0, 1, 0xffffffff]
const Low = Schema.Union([Schema.Literals(LOWS), U32])
const High = Schema.Union([Schema.Literals(HIGHS), U32])
const Arguments = Schema.Tuple([
  Schema.Tuple([Low, High]),
  Schema.Tuple([Low, High]),
  Schema.Tuple([Low, High])
])

const word = (low: number, high: number) => (BigInt(high) << 32n) | BigInt(low)
const words = (pairs: typeof Arguments.Type) => pairs.map(([low, high]) => word(low, high))

describe("SeccompFilter", () => {
  it.prop(
    "gives what is specified, for any call",
    [Nr, Schema.UndefinedOr(Arch), Arguments],
    ([nr, arch, args]) => {
      for (const { architecture, network, program } of PROGRAMS) {
        const call = { nr, arch: arch ?? AUDIT_ARCH[architecture], args: words(args) }
        assert.strictEqual(
          interpret(program, call),
          specified(architecture, network, call),
          `${architecture}, network ${network}`
        )
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  it.prop(
    "ignores the high halves of all arguments",
    [Schema.Literals(NAMED), Arguments, High],
    ([nr, args, high]) => {
      for (const { architecture, program } of PROGRAMS) {
        const verdict = (pairs: typeof Arguments.Type) =>
          interpret(program, { nr, arch: AUDIT_ARCH[architecture], args: words(pairs) })
        const [one, two, three] = args
        assert.strictEqual(
          verdict([
            [one[0], high],
            [two[0], high],
            [three[0], high]
          ]),
          verdict(args)
        )
      }
    },
    { arbitrary: { runs: RUNS } }
  )

  for (const { architecture, network, program } of PROGRAMS) {
    const name = `${architecture} ${network ? "with" : "without"} network`

    it(`gives what is specified, for each number and each argument of note (${name})`, () => {
      const check = (nr: number, ...args: ReadonlyArray<bigint>) => {
        const call = { nr, arch: AUDIT_ARCH[architecture], args }
        assert.strictEqual(
          interpret(program, call),
          specified(architecture, network, call),
          `${nr}(${args.join()})`
        )
      }
      for (let nr = 0; nr < 1024; nr++) check(nr, 1n, 1n)
      for (const nr of numbers(BY_ARGUMENT, architecture).values()) {
        for (const one of LOWS) {
          for (const two of LOWS) for (const high of HIGHS) check(nr, word(one, high), word(two, high))
        }
      }
    })

    it(`denies no call by its number but those that are named (${name})`, () => {
      // stream sockets of AF_UNIX, and no command to a terminal
      const call = { arch: AUDIT_ARCH[architecture], args: [1n, 1n] }
      const denied = Array.from({ length: 512 }, (_, nr) => nr).filter(
        (nr) => interpret(program, { nr, ...call }) !== ALLOW
      )
      const named = network ? ALWAYS_DENIED : `${ALWAYS_DENIED},${NETWORK_CALLS}`
      assert.sameMembers(denied, [...numbers(named, architecture).values()])
    })

    it(`is a program that the kernel can take (${name})`, () => {
      const instructions = decode(program)
      assert.isAtMost(instructions.length, 4096)
      assert.strictEqual(instructions.at(-1)!.code, RETURN)
      for (const [at, { code, jf, jt, k }] of instructions.entries()) {
        if (code in COMPARISONS) assert.isBelow(at + 1 + Math.max(jt, jf), instructions.length)
        else assert.deepStrictEqual([jt, jf], [0, 0])
        if (code === LOAD) assert.isTrue(k % 4 === 0 && k < 64)
      }
    })
  }

  it("has no program where it has no numbers", () => {
    for (const architecture of ["ia32", "arm", "riscv64", "constructor", ""]) {
      assert.isUndefined(SeccompFilter.build(architecture, { network: false }))
    }
  })
})

const koffi = (() => {
  try {
    return createRequire(import.meta.url).resolve("koffi")
  } catch {
    return undefined // an optional dependency
  }
})()

/** Runs a command under the program of this machine, in a sandbox with nothing else. */
const confined = Effect.fnUntraced(function* (network: boolean, ...command: ReadonlyArray<string>) {
  const file = path.join(yield* temporaryDirectory, "program")
  fs.writeFileSync(file, build(process.arch, network))
  const program = fs.openSync(file, "r")
  const { error, status, stderr, stdout } = ChildProcess.spawnSync(
    "bwrap",
    [..."--ro-bind / / --dev /dev --proc /proc --unshare-user --seccomp 3 --".split(" "), ...command],
    { encoding: "utf8", stdio: ["ignore", "pipe", "pipe", program] }
  )
  fs.closeSync(program)
  if (error !== undefined) throw error
  return { status, stdout, stderr }
})

type Attempt = readonly [name: string, ...words: ReadonlyArray<number>]

/** Makes the calls of its first argument and says the errno of each, 0 for none. */
const MAKE_CALLS = `
const koffi = require(process.argv[1])
const syscall = koffi.load(null).func("long syscall(long, ...)")
const errnos = JSON.parse(process.argv[2]).map(([, ...words]) => {
  const [nr, ...args] = words
  const result = syscall(nr, ...args.flatMap((arg) => ["long", arg]))
  return Number(result) < 0 ? koffi.errno() : 0
})
require("fs").writeSync(1, JSON.stringify(errnos))`

const attempts = Effect.fnUntraced(function* (network: boolean, calls: ReadonlyArray<Attempt>) {
  const { status, stderr, stdout } = yield* confined(
    network,
    process.execPath,
    "-e",
    MAKE_CALLS,
    koffi!,
    JSON.stringify(calls)
  )
  assert.strictEqual(status, 0, stderr)
  const errnos = JSON.parse(stdout) as ReadonlyArray<number>
  return { denied: calls.flatMap(([name], index) => (errnos[index] === 1 ? [name] : [])) }
})

describe.skipIf(!HAS_BUBBLEWRAP)("SeccompFilter in the kernel", () => {
  const architecture = process.arch as Architecture
  /** With a descriptor that is none, and addresses that are none. */
  const harmless = (table: string): ReadonlyArray<Attempt> =>
    [...numbers(table, architecture)].map(([name, nr]) => [name, nr, -1, 0, 0, 0, 0, 0])
  const names = (calls: ReadonlyArray<Attempt>) => calls.map(([name]) => name)
  const number = (name: string) => numbers(BY_ARGUMENT, architecture).get(name)!

  for (const network of [true, false]) {
    it.live(`is in force, ${network ? "with" : "without"} network`, () =>
      Effect.gen(function* () {
        const { status, stderr, stdout } = yield* confined(network, "cat", "/proc/self/status")
        assert.strictEqual(status, 0, stderr)
        assert.match(stdout, /^Seccomp:\t2$/m)
      })
    )
  }

  const programs: ReadonlyArray<readonly [name: string, script: string]> = [
    ["output", 'fs.writeSync(1, child_process.spawnSync("echo", ["through"]).stdout)'],
    ["input", 'fs.writeSync(1, child_process.execSync("cat", { input: "through\\n" }))'],
    [
      "a program of its own kind",
      "fs.writeSync(1, child_process.execFileSync(process.execPath, ['-e', 'console.log(\"through\")']))"
    ]
  ]
  for (const [name, script] of programs) {
    it.live(`leaves the pairs of sockets by which Node talks to its children: ${name}`, () =>
      Effect.gen(function* () {
        const { stderr, stdout } = yield* confined(false, process.execPath, "-e", script)
        assert.strictEqual(stdout, "through\n", stderr)
      })
    )
  }

  describe.skipIf(koffi === undefined)("met by system calls", () => {
    const spared = harmless(SPARED).filter(([name]) => name !== "clone")

    it.live("denies what it names, and spares the rest", () =>
      Effect.gen(function* () {
        const calls = [...harmless(ALWAYS_DENIED), ...harmless(NETWORK_CALLS), ...spared]
        const { denied } = yield* attempts(false, calls)
        assert.sameMembers(denied, names([...harmless(ALWAYS_DENIED), ...harmless(NETWORK_CALLS)]))
      })
    )

    it.live("spares the network where it is allowed", () =>
      Effect.gen(function* () {
        const calls = [...harmless(ALWAYS_DENIED), ...harmless(NETWORK_CALLS), ...spared]
        const { denied } = yield* attempts(true, calls)
        assert.sameMembers(denied, names(harmless(ALWAYS_DENIED)))
      })
    )

    const SOCK_CLOEXEC = 0o2000000
    const sockets: ReadonlyArray<readonly [name: string, domain: number, type: number]> = [
      ["unix stream", 1, 1],
      ["unix stream, close-on-exec", 1, 1 | SOCK_CLOEXEC],
      ["unix stream, high half", 2 ** 32 + 1, 2 ** 32 + 1],
      ["unix seqpacket", 1, 5],
      ["unix datagram", 1, 2],
      ["unix datagram, close-on-exec", 1, 2 | SOCK_CLOEXEC],
      ["unix raw", 1, 3],
      ["inet stream", 2, 1],
      ["inet6 datagram", 10, 2],
      ["netlink", 16, 3],
      ["vsock", 40, 1]
    ]
    const opened = (call: string): ReadonlyArray<Attempt> =>
      sockets.map(([name, domain, type]) => [name, number(call), domain, type, 0, 0])

    for (const call of ["socket", "socketpair"]) {
      it.live(`has ${call} make streams of AF_UNIX alone without network`, () =>
        Effect.gen(function* () {
          const { denied } = yield* attempts(false, opened(call))
          assert.sameMembers(
            denied,
            sockets.map(([name]) => name).filter((name) => !/^unix (stream|seq)/.test(name))
          )
          assert.deepStrictEqual((yield* attempts(true, opened(call))).denied, ["vsock"])
        })
      )
    }

    it.live("lets no command type into a terminal", () =>
      Effect.gen(function* () {
        const ioctl = (name: string, command: number): Attempt => [name, number("ioctl"), -1, command, 0]
        const { denied } = yield* attempts(true, [
          ioctl("TIOCSTI", 0x5412),
          ioctl("TIOCSTI, high half", 2 ** 32 + 0x5412),
          ioctl("TIOCLINUX", 0x541c),
          ioctl("TCGETS", 0x5401)
        ])
        assert.deepStrictEqual(denied, ["TIOCSTI", "TIOCSTI, high half", "TIOCLINUX"])
      })
    )

    it.live.skipIf(process.arch !== "x64")("kills what uses the x32 ABI", () =>
      Effect.gen(function* () {
        const getpid: Attempt = ["getpid", 0x40000000 + 39]
        const { status } = yield* confined(
          true,
          process.execPath,
          "-e",
          MAKE_CALLS,
          koffi!,
          JSON.stringify([getpid])
        )
        assert.strictEqual(status, 128 + 31) // SIGSYS
      })
    )
  })
})
