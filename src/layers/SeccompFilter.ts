/**
 * The seccomp programs of the sandbox, as `bwrap --seccomp` takes them: which system calls a command may not make.
 *
 * They close what namespaces and mounts leave open. All that they do not name is allowed, user namespaces
 * included, since build tools nest sandboxes of their own.
 */
import { SYSCALL_NUMBERS, type Architecture, type Syscall } from "./SyscallNumbers.ts"

export interface FilterOptions {
  /** Whether the network may be used; if not, a command has but pairs of sockets between its own processes. */
  readonly network: boolean
}

/** Denied always. */
const ALWAYS: ReadonlyArray<Syscall> = [
  // look into other processes, bwrap's own among them, and take their descriptors
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "pidfd_getfd",
  // does what other calls do, and no filter sees it
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
  // keyrings belong to no namespace: the server's session keyring would be the command's
  "add_key",
  "request_key",
  "keyctl",
  // writes to the maps below /sys/fs/bpf, on a read-only mount too
  "bpf"
]

/**
 * Denied without network, like the sockets below. What works on a pair of connected sockets stays, for programs such
 * as Node have these between them and their children: without an address it reaches nobody else.
 */
const WITHOUT_NETWORK: ReadonlyArray<Syscall> = [
  "connect",
  "accept",
  "accept4",
  "bind",
  "listen",
  "sendmmsg",
  "recvmmsg"
]

/** From the headers of Linux; the same on x86-64 and arm64. */
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const
const AF_UNIX = 1
const AF_VSOCK = 40
const SOCK_STREAM = 1
const SOCK_SEQPACKET = 5
const SOCK_TYPE_MASK = 0xf
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
const EPERM = 1

/** linux/seccomp.h: what becomes of a call, and where `struct seccomp_data` has what. */
const SECCOMP_RET_KILL_PROCESS = 0x80000000
const SECCOMP_RET_ERRNO = 0x00050000
const SECCOMP_RET_ALLOW = 0x7fff0000
const NUMBER = 0
const ARCHITECTURE = 4
/** The low half, which is all that the kernel takes of an `int`. */
const argument = (index: number) => 16 + 8 * index

/** linux/bpf_common.h. */
const BPF_LD_W_ABS = 0x20
const BPF_ALU_AND_K = 0x54
const BPF_JMP_JEQ_K = 0x15
const BPF_JMP_JGT_K = 0x25
const BPF_JMP_JGE_K = 0x35
const BPF_JMP_JSET_K = 0x45
const BPF_RET_K = 0x06

interface Instruction {
  readonly code: number
  readonly k: number
  /** How many instructions are left out if a comparison holds, and if not. */
  readonly jt?: number
  readonly jf?: number
}

/** What a comparison guards ends in a return: then nothing else jumps, and not far. */
type Block = ReadonlyArray<Instruction>

const load = (offset: number): Instruction => ({ code: BPF_LD_W_ABS, k: offset })
const and = (mask: number): Instruction => ({ code: BPF_ALU_AND_K, k: mask })
const KILL: Block = [{ code: BPF_RET_K, k: SECCOMP_RET_KILL_PROCESS }]
const DENY: Block = [{ code: BPF_RET_K, k: SECCOMP_RET_ERRNO | EPERM }]
const ALLOW: Block = [{ code: BPF_RET_K, k: SECCOMP_RET_ALLOW }]

const ifEqual = (k: number, block: Block): Block => [{ code: BPF_JMP_JEQ_K, k, jf: block.length }, ...block]
const unlessEqual = (k: number, block: Block): Block => [
  { code: BPF_JMP_JEQ_K, k, jt: block.length },
  ...block
]
const ifSet = (bits: number, block: Block): Block => [
  { code: BPF_JMP_JSET_K, k: bits, jf: block.length },
  ...block
]
const ifWithin = (low: number, high: number, block: Block): Block => [
  { code: BPF_JMP_JGE_K, k: low, jf: 1 + block.length },
  { code: BPF_JMP_JGT_K, k: high, jt: block.length },
  ...block
]

/** Puts characters into a terminal's input, as if its user had typed them. */
const IOCTL: Block = [load(argument(1)), ...ifEqual(TIOCSTI, DENY), ...ifEqual(TIOCLINUX, DENY), ...ALLOW]

/** Virtual machine sockets reach the host of a virtual machine, whatever the network namespace. */
const SOCKET_WITH_NETWORK: Block = [load(argument(0)), ...ifEqual(AF_VSOCK, DENY), ...ALLOW]

/**
 * Only types whose `sendmsg` takes no address: a datagram socket, paired or not, sends to each socket that has a
 * path, with descriptors. The kernel makes datagram sockets of raw ones.
 */
const SOCKET_WITHOUT_NETWORK: Block = [
  load(argument(0)),
  ...unlessEqual(AF_UNIX, DENY),
  load(argument(1)),
  and(SOCK_TYPE_MASK),
  ...ifEqual(SOCK_STREAM, ALLOW),
  ...ifEqual(SOCK_SEQPACKET, ALLOW),
  ...DENY
]

/**
 * The x32 ABI: the same architecture, other numbers. They carry a bit, but before Linux 5.4 some worked without it;
 * no native call has those.
 */
const X32_BIT = 0x40000000
const X32_NUMBERS = [512, 547] as const
const OTHER_ABI: Readonly<Record<Architecture, Block>> = {
  x64: [...ifSet(X32_BIT, KILL), ...ifWithin(...X32_NUMBERS, KILL)],
  arm64: []
}

const program = (architecture: Architecture, { network }: FilterOptions): Block => {
  const on = (name: Syscall, block: Block) => ifEqual(SYSCALL_NUMBERS[name][architecture], block)
  const socket = network ? SOCKET_WITH_NETWORK : SOCKET_WITHOUT_NETWORK
  const denied = network ? ALWAYS : [...ALWAYS, ...WITHOUT_NETWORK]
  return [
    load(ARCHITECTURE),
    ...unlessEqual(AUDIT_ARCH[architecture], KILL),
    load(NUMBER),
    ...OTHER_ABI[architecture],
    ...denied.flatMap((name) => on(name, DENY)),
    ...on("ioctl", IOCTL),
    ...on("socket", socket),
    ...on("socketpair", socket),
    ...ALLOW
  ]
}

/** As the kernel has it: `struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }`, little-endian on both. */
const encode = (instructions: Block): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(8 * instructions.length))
  for (const [index, { code, jf = 0, jt = 0, k }] of instructions.entries()) {
    bytes.setUint16(8 * index, code, true)
    bytes.setUint8(8 * index + 2, jt)
    bytes.setUint8(8 * index + 3, jf)
    bytes.setUint32(8 * index + 4, k, true)
  }
  return new Uint8Array(bytes.buffer)
}

/** The program, or undefined for an architecture that we have no numbers for. */
export const build = (architecture: string, options: FilterOptions): Uint8Array | undefined =>
  architecture === "x64" || architecture === "arm64" ? encode(program(architecture, options)) : undefined
