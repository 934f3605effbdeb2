/** The table of attempts: what a command does to get out of its sandbox. All of them fail there. */
import * as ChildProcess from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"

export const IS_ROOT = process.getuid?.() === 0

/** Whether system calls can be made: koffi is an optional dependency. */
export const HAS_KOFFI = (() => {
  try {
    createRequire(import.meta.url)("koffi")
    return true
  } catch {
    return false
  }
})()

const works = (...[program, ...args]: [string, ...Array<string>]) =>
  ChildProcess.spawnSync(program, args, { stdio: "ignore" }).status === 0
export const HAS_USER_NAMESPACES = works("unshare", "-Urm", "true")
const isOn = (file: string, value: string) => {
  try {
    return fs.readFileSync(file, "utf8").trim() === value
  } catch {
    return false
  }
}
const CAN_USE_IO_URING = isOn("/proc/sys/kernel/io_uring_disabled", "0")
export const CAN_TYPE_AHEAD = isOn("/proc/sys/dev/tty/legacy_tiocsti", "1")
/** The victim is a child of the test, not of the command. */
const CAN_TRACE = IS_ROOT || isOn("/proc/sys/kernel/yama/ptrace_scope", "0")

/** Not even to root where process 1 has a capability more. */
const CAN_ENTER_INIT = (() => {
  try {
    fs.readdirSync("/proc/1/root/")
    return true
  } catch {
    return false
  }
})()

export interface Attempt {
  readonly name: string
  /** For `sh`; without it, the attempt of `inside.mjs` that is called `call`. It has succeeded if it exits with 0. */
  readonly script?: string
  readonly call?: string
  /**
   * Without a sandbox it succeeds (`true`), it would if this machine or user allowed it (`false`), or why it is not
   * tried there: it could not be undone, or means nothing outside.
   */
  readonly open: boolean | string
  /** What is seen from outside when it succeeds, besides that it says so. */
  readonly effect?: "files" | "victim" | "message" | "signal"
  /** May succeed where the network may be used. */
  readonly network?: true
}

const file = (name: string, script: string, open: Attempt["open"] = true): Attempt => ({
  name,
  script,
  open,
  effect: "files"
})
const fileCall = (name: string, call: string, open: Attempt["open"] = true): Attempt => ({
  name,
  call,
  open,
  effect: "files"
})

const writes: ReadonlyArray<Attempt> = [
  file("write to an absolute path", 'echo x >"$OUT/victim"'),
  file("write to a path with ..", 'cd "$WS" && echo x >"../../../../../../../..$OUT/victim"'),
  file("write over /proc/self/root", 'echo x >"/proc/self/root$OUT/victim"'),
  file("write over /proc/self/cwd/..", 'cd "$OUT/dir" && echo x >/proc/self/cwd/../victim'),
  file("write over /proc/1/root", 'echo x >"/proc/1/root$OUT/victim"', CAN_ENTER_INIT),
  file("write over /proc/1/cwd", 'cd / && echo x >"/proc/1/cwd/$OUT/victim"', CAN_ENTER_INIT),
  file("write over the server's root", 'echo x >"/proc/$SERVER/root$OUT/victim"', CAN_TRACE),
  file("write over the descriptor of a directory", 'exec 3<"$OUT" && echo x >/proc/self/fd/3/victim'),
  file("open a read-only descriptor for writing", 'exec 3<"$OUT/victim" && echo x >/dev/fd/3'),
  file("write through a link that is there", 'echo x >"$WS/out/victim"'),
  file("write through a link of its own", 'ln -s "$OUT" "$WS/made" && echo x >"$WS/made/victim"'),
  file("append", 'echo x >>"$OUT/victim"'),
  file("link a file into the workspace", 'ln "$OUT/victim" "$WS/hard" && echo x >"$WS/hard"'),
  file("link a file beside itself", 'ln "$OUT/victim" "$OUT/hard"'),
  file("rename over a file", 'echo x >"$WS/new" && mv -f "$WS/new" "$OUT/victim" </dev/null'),
  file("take a file away", 'mv -f "$OUT/victim" "$WS/taken" </dev/null'),
  file("rename beside", 'mv "$OUT/victim" "$OUT/renamed"'),
  file("remove a file", 'rm -f "$OUT/victim"'),
  file("remove a directory", 'rmdir "$OUT/dir"'),
  file("truncate", 'truncate -s 0 "$OUT/victim"'),
  file("write in place", 'dd if=/dev/zero of="$OUT/victim" bs=1 count=1 conv=notrunc 2>/dev/null'),
  file("create a file", 'echo x >"$OUT/dir/new"'),
  file("create a directory", 'mkdir "$OUT/dir/new"'),
  file("create a link", 'ln -s /etc/passwd "$OUT/dir/new"'),
  file("create a fifo", 'mkfifo "$OUT/dir/new"'),
  file("create a device", 'mknod "$OUT/dir/new" c 1 3', IS_ROOT),
  file("chmod", 'chmod 4755 "$OUT/victim"'),
  file("chown", 'chown "$(id -u)" "$OUT/victim"'),
  file("utimes", 'touch -d 2001-01-01 "$OUT/victim"'),
  {
    name: "write to another's shared memory file",
    script: 'test -e "$SHM" && printf %s "$MARK" >"$SHM"',
    open: true,
    effect: "message"
  },
  fileCall("reopen a descriptor", "reopen-descriptor"),
  fileCall("give a file without a name one", "tmpfile-linkat"),
  fileCall("give a file of the workspace a name elsewhere", "tmpfile-linkat-from-workspace"),
  fileCall("exchange two files", "rename-exchange"),
  fileCall("write to shared memory of a file", "mmap-shared"),
  fileCall("setxattr", "setxattr"),
  fileCall("change the flags of a file", "file-flags"),
  fileCall("open a file by its handle", "file-handle", IS_ROOT)
]

const readsFirstByte = (files: string) => {
  const [kind, ...names] = files.split(" ")
  return `for file in ${names.join(" ")}; do test ${kind} $file && head -c 1 $file && exit; done; exit 1`
}
const inNamespace = (script: string) => `unshare -Urm sh -c '${script}'`
const REMOUNT = "it would remount the machine"

const namespaces: ReadonlyArray<Attempt> = [
  file("remount /", 'mount -o remount,rw / && echo x >"$OUT/victim"', REMOUNT),
  file("remount / alone", 'mount -o remount,bind,rw / && echo x >"$OUT/victim"', REMOUNT),
  file("unmount /proc and /sys", 'umount -l /sys && umount -l /proc && echo x >"$OUT/victim"', REMOUNT),
  file(
    "remount / in a new namespace",
    inNamespace('mount -o remount,bind,rw /; echo x >"$OUT/victim"'),
    HAS_USER_NAMESPACES
  ),
  file(
    "bind / elsewhere in a new namespace",
    inNamespace(
      'mkdir "$WS/root" && mount --rbind / "$WS/root" && mount -o remount,bind,rw "$WS/root"; echo x >"$WS/root$OUT/victim"'
    ),
    HAS_USER_NAMESPACES
  ),
  file(
    "unmount what protects in a new namespace",
    inNamespace('umount -l "$OUT"; umount -l /; echo x >"$OUT/victim"'),
    HAS_USER_NAMESPACES
  ),
  file(
    "pivot_root in a new namespace",
    inNamespace(
      'mkdir "$WS/root" && mount --rbind / "$WS/root" && mkdir -p "$WS/root$WS/old" && cd "$WS/root" && PATH="$PATH:/usr/sbin:/sbin" pivot_root . ".$WS/old" && echo x >"$OUT/victim"'
    ),
    HAS_USER_NAMESPACES
  ),
  file(
    "become root of a new process namespace",
    "unshare -Urmpf --mount-proc sh -c 'echo x >\"/proc/1/root$OUT/victim\"'",
    HAS_USER_NAMESPACES
  ),
  file(
    "enter the mounts of process 1",
    'nsenter -t 1 -m -- sh -c "echo x >\\"$OUT/victim\\""',
    CAN_ENTER_INIT
  ),
  file(
    "enter the mounts of a process outside",
    'nsenter -t "$VICTIM" -m -- sh -c "echo x >\\"$OUT/victim\\""',
    IS_ROOT
  ),
  file("chroot to process 1", 'chroot /proc/1/root sh -c "echo x >\\"$OUT/victim\\""', CAN_ENTER_INIT),
  {
    name: "enter the user namespace of process 1",
    script: "nsenter -t 1 -U -- true",
    open: "it is the same there"
  },
  fileCall("clone the mounts and clear their flags", "open-tree", IS_ROOT),
  file(
    "clone the mounts in a new namespace and clear their flags",
    `unshare -Urm "$NODE" "$INSIDE" '[[0, "open-tree", {}]]' | grep -q " 0"`,
    "those that the machine mounts read-only are locked"
  ),
  { name: "make a file system by fsopen", call: "fsopen", open: IS_ROOT },
  { name: "make a BPF map", call: "bpf", open: IS_ROOT },
  ...["kernel/core_pattern", "kernel/hostname", "vm/overcommit_memory", "kernel/randomize_va_space"].map(
    (name): Attempt => ({
      name: `write /proc/sys/${name}`,
      // what it is already: success must do no harm
      script: `value=$(cat /proc/sys/${name}) && echo "$value" >/proc/sys/${name}`,
      open: IS_ROOT
    })
  ),
  {
    name: "open what the kernel runs programs by",
    script:
      "for file in /sys/kernel/uevent_helper /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/cgroup.procs; do (: >>$file) && exit; done; exit 1",
    open: IS_ROOT && fs.existsSync("/sys/fs/cgroup")
  },
  {
    name: "mount the control groups and open release_agent",
    script: inNamespace(
      'mkdir "$WS/cg" && mount -t cgroup -o memory cgroup "$WS/cg" && : >>"$WS/cg/release_agent"'
    ),
    open: "the kernel asks for privileges in the first namespace"
  },
  {
    name: "open sysrq-trigger",
    script: ": >>/proc/sysrq-trigger",
    open: IS_ROOT && fs.existsSync("/proc/sysrq-trigger")
  },
  {
    name: "create a disk",
    script: 'mknod "$WS/disk" b $(stat -c "%Hd %Ld" "$OUT/victim") && head -c 1 "$WS/disk"',
    open: "containers forbid it"
  },
  { name: "create a device in /dev", script: "mknod /dev/escape c 1 1", open: "it would be the machine's" },
  {
    name: "read a disk",
    script: readsFirstByte("-b /dev/vd? /dev/sd? /dev/nvme?n? /dev/dm-* /dev/loop?"),
    open: "it would be the machine's"
  },
  {
    name: "open memory",
    script: readsFirstByte("-c /dev/mem /dev/kmem /dev/port"),
    open: "it would be the machine's"
  },
  { name: "set the host name", script: 'hostname "$(hostname)"', open: IS_ROOT && works("hostname") }
]

const kill = (name: string, script: string, open: Attempt["open"] = true): Attempt => ({
  name,
  script,
  open,
  effect: "victim"
})

const processes: ReadonlyArray<Attempt> = [
  kill("kill a process outside", 'kill -KILL "$VICTIM"'),
  // a signal that nobody minds, should it get out
  {
    name: "signal all processes",
    script: "kill -URG -1; false",
    open: "it would signal the machine's",
    effect: "signal"
  },
  { name: "signal the server", script: 'kill -0 "$SERVER"', open: true },
  { name: "see a process outside", script: 'test -e "/proc/$VICTIM"', open: true },
  { name: "see the server", script: 'test -e "/proc/$SERVER"', open: true },
  { name: "read the server's environment", script: 'cat "/proc/$SERVER/environ"', open: CAN_TRACE },
  { name: "use the server's descriptors", script: 'ls "/proc/$SERVER/fd/0"', open: CAN_TRACE },
  { name: "kill by descriptor", call: "pidfd-signal", open: true, effect: "victim" },
  { name: "trace a process outside", call: "ptrace", open: CAN_TRACE },
  { name: "be traced", call: "traceme", open: true },
  { name: "write another's memory", call: "process-vm-writev", open: CAN_TRACE },
  { name: "read the memory of process 1", call: "process-vm-readv-of-pid-1", open: CAN_ENTER_INIT },
  { name: "open another's memory", call: "process-memory", open: CAN_TRACE },
  { name: "open the server's memory", call: "server-memory", open: CAN_TRACE },
  { name: "take another's descriptor", call: "pidfd-getfd", open: CAN_TRACE },
  { name: "limit another", call: "prlimit", open: true },
  { name: "slow another down", call: "setpriority", open: true },
  { name: "write shared memory of System V", call: "shared-memory", open: true, effect: "message" },
  { name: "send to a message queue of System V", call: "message-queue", open: true, effect: "message" },
  { name: "send to a message queue of POSIX", call: "posix-message-queue", open: true, effect: "message" },
  { name: "request a key", call: "find-key", open: true },
  { name: "search the keyring", call: "search-session-keyring", open: true },
  { name: "add a key", call: "add-key", open: true }
]

const network: ReadonlyArray<Attempt> = [
  { name: "connect over IPv4", call: "tcp4", open: true, effect: "message", network: true },
  {
    name: "connect over IPv6",
    call: "tcp6",
    open: fs.existsSync("/proc/net/if_inet6"),
    effect: "message",
    network: true
  },
  { name: "send by UDP", call: "udp", open: true, effect: "message", network: true },
  { name: "send by UDP with sendmsg", call: "udp-sendmsg", open: true, effect: "message", network: true },
  { name: "listen", call: "listen", open: true, network: true },
  { name: "listen on a Unix socket without a path", call: "unix-listen", open: true, network: true },
  { name: "open a socket of any other family", call: "families", open: true, network: true },
  { name: "use io_uring", call: "io-uring", open: CAN_USE_IO_URING },
  {
    name: "connect to a Unix socket without a path",
    call: "unix-abstract",
    open: true,
    effect: "message",
    network: true
  },
  { name: "connect to a Unix socket", call: "unix-path", open: true, effect: "message", network: true },
  ...["unix-datagram-sendto", "unix-datagram-sendmsg", "unix-raw-sendmsg", "unix-pair-sendmsg"].map(
    (call): Attempt => ({
      name: `send to a Unix socket (${call})`,
      call,
      open: true,
      effect: "message",
      network: true
    })
  ),
  {
    name: "connect by bash",
    script: `bash -c 'exec 3>/dev/tcp/127.0.0.1/$TCP4 && printf %s "$MARK" >&3'`,
    open: works("bash", "-c", ":"),
    effect: "message",
    network: true
  },
  { name: "connect to the server", call: "server-port", open: true, network: true }
]

const terminals: ReadonlyArray<Attempt> = [
  { name: "type into its terminal", call: "tiocsti", open: CAN_TYPE_AHEAD },
  { name: "type with the upper bits set", call: "tiocsti-high-bits", open: CAN_TYPE_AHEAD },
  { name: "type with a negative command", call: "tiocsti-sign-bits", open: CAN_TYPE_AHEAD },
  { name: "type into /dev/tty", call: "tiocsti-dev-tty", open: CAN_TYPE_AHEAD },
  { name: "use TIOCLINUX", call: "tioclinux", open: true },
  { name: "write to another's terminal", call: "other-terminal", open: true, effect: "message" },
  { name: "type into another's terminal", call: "other-terminal-tiocsti", open: CAN_TYPE_AHEAD && IS_ROOT },
  { name: "take another's terminal", call: "other-terminal-tiocsctty", open: "it is in use" }
]

export const ATTEMPTS = { writes, namespaces, processes, network }
export const TERMINAL_ATTEMPTS = terminals
