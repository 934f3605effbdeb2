/**
 * The numbers of the system calls that the sandbox's filter names, by `process.arch`.
 *
 * From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. Numbers
 * never change once they are assigned.
 */

/** The names of `process.arch`. */
export type Architecture = "x64" | "arm64"

export const SYSCALL_NUMBERS = {
  accept: { x64: 43, arm64: 202 },
  accept4: { x64: 288, arm64: 242 },
  add_key: { x64: 248, arm64: 217 },
  bind: { x64: 49, arm64: 200 },
  bpf: { x64: 321, arm64: 280 },
  connect: { x64: 42, arm64: 203 },
  io_uring_enter: { x64: 426, arm64: 426 },
  io_uring_register: { x64: 427, arm64: 427 },
  io_uring_setup: { x64: 425, arm64: 425 },
  ioctl: { x64: 16, arm64: 29 },
  keyctl: { x64: 250, arm64: 219 },
  listen: { x64: 50, arm64: 201 },
  pidfd_getfd: { x64: 438, arm64: 438 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  ptrace: { x64: 101, arm64: 117 },
  recvmmsg: { x64: 299, arm64: 243 },
  request_key: { x64: 249, arm64: 218 },
  sendmmsg: { x64: 307, arm64: 269 },
  socket: { x64: 41, arm64: 198 },
  socketpair: { x64: 53, arm64: 199 }
} as const satisfies Readonly<Record<string, Readonly<Record<Architecture, number>>>>

export type Syscall = keyof typeof SYSCALL_NUMBERS
