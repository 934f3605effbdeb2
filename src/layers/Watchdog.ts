/**
 * What ends our processes when we cannot: a small shell that outlives a killed or crashed server by a moment. It
 * holds one end of a pipe, whose other end the kernel closes with the server; then it kills the groups that it was
 * told of and everything that carries a mark of this server.
 */
import * as ChildProcess from "node:child_process"
import * as os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { MARK_VARIABLE } from "./ProcessTables.ts"

/** Milliseconds until one that was killed is replaced: soon, but no busy loop where a shell cannot run. */
const RESTART_MS = 1000

export interface Watchdog {
  /** A process group that must not outlive the server. */
  readonly guard: (pgid: number) => void
  /** The group is gone. */
  readonly release: (pgid: number) => void
}

/**
 * POSIX sh. `$1` is a pattern and `$2` the files below /proc/PID in which marked processes show it. A look may miss
 * what was forked since it began by a process that has ended since, so only the second one that finds nothing counts.
 */
const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r what pgid; do
  case $what in
  +) groups="$groups$pgid " ;;
  -) groups="\${groups%% $pgid *} \${groups#* $pgid }" ;;
  esac
done
for pgid in $groups; do kill -s KILL -- "-$pgid" 2>/dev/null; done
kill -KILL $(grep -lE "$1" /proc/[0-9]*/"$2" 2>/dev/null | cut -d/ -f3) 2>/dev/null
i=0
found=yes
while [ $i -lt 100 ]; do
  pids=
  for file in $(grep -lE "$1" /proc/[0-9]*/"$2" 2>/dev/null); do
    pid=\${file#/proc/}
    pid=\${pid%%/*}
    read -r stat 2>/dev/null <"/proc/$pid/stat" || continue
    case \${stat##*) } in Z* | X*) ;; *) pids="$pids $pid" ;; esac
  done
  [ -z "$found$pids" ] && exit
  found=$pids
  kill -STOP $pids 2>/dev/null
  kill -KILL $pids 2>/dev/null
  i=$((i + 1))
done
`

/** How marked processes are found: by their limit, or by their environment. */
const traces = (server: string, byLimit: boolean): readonly [pattern: string, file: string] =>
  byLimit
    ? [`^Max realtime timeout +${server}[0-9]{14} `, "limits"]
    : [`(^|[[:cntrl:]])${MARK_VARIABLE}=${server}`, "environ"]

const start = (server: string, byLimit: boolean): ChildProcess.ChildProcess => {
  const child = ChildProcess.spawn("/bin/sh", ["-c", SCRIPT, "watchdog", ...traces(server, byLimit)], {
    detached: true, // signals to the server's group are not for it
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/"
  })
  child.on("error", () => {})
  try {
    // on a busy machine it must not wait for those that it is to end; only root may ask for that
    os.setPriority(child.pid!, os.constants.priority.PRIORITY_HIGHEST)
  } catch {
    // then it takes its turn
  }
  child.stdin!.on("error", () => {})
  child.unref()
  return child
}

/** Watches as long as the Scope lives. One that is killed is replaced, and told again what to guard. */
export const run = (
  server: string,
  byLimit: boolean,
  own: { readonly add: (pid: number) => void; readonly delete: (pid: number) => void }
): Effect.Effect<Watchdog, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const groups = new Set<number>()
        let over = false
        const launch = () => {
          const child = start(server, byLimit)
          if (child.pid !== undefined) own.add(child.pid)
          child.on("exit", () => {
            own.delete(child.pid!)
            if (!over) setTimeout(() => (watched.child = launch()), RESTART_MS).unref()
          })
          for (const pgid of groups) child.stdin!.write(`+ ${pgid}\n`)
          return child
        }
        const watched = {
          groups,
          child: launch(),
          stop: () => {
            over = true
            watched.child.stdin!.end()
          }
        }
        return watched
      }),
      (watched) => Effect.sync(watched.stop)
    ),
    (watched) => ({
      guard: (pgid) => {
        watched.groups.add(pgid)
        watched.child.stdin!.write(`+ ${pgid}\n`)
      },
      release: (pgid) => {
        watched.groups.delete(pgid)
        watched.child.stdin!.write(`- ${pgid}\n`)
      }
    })
  )
