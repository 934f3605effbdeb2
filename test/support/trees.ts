/**
 * Random trees of real processes that do what processes do to outlive their parents. A tree is a value (so that a
 * property shrinks it), becomes one `sh` script, and every process of it carries the script's path in its
 * arguments: whoever has it is found in /proc, at any moment, whatever it is called and whoever adopted it.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HAS_NATIVE, HarnessError, temporaryDirectory, until } from "./harness.ts"

/** The most processes of one tree. */
export const TREE_SIZE = Number(process.env["TREE_SIZE"] ?? 20)
/** How many trees a property is tried with; each takes seconds, so it is not `PROPERTY_RUNS`. */
export const TREES = Number(process.env["TREES"] ?? 10)
/** Of a property over trees: from a third of the runs on they may be as large as they get. */
export const options = (runs: number) => ({
  timeout: 3_600_000,
  arbitrary: { runs: Math.ceil(runs), size: 3 * TREE_SIZE, maxShrinks: 30 }
})
const MAX_DEPTH = 5
/** How long a tree may take to come up, for each process of it; a busy machine starts 100 shells a second. */
const UP_MS = 2000
const UP_MS_PER_NODE = 100

/** One process. Without any property it is a plain background child. */
const Node = Schema.Struct({
  /** Which of the processes before it starts it, counted around; without meaning for the first. */
  parent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
  nohup: Schema.Boolean,
  setsid: Schema.Boolean,
  /** Started by a double fork: an orphan at once. */
  orphan: Schema.Boolean,
  /** `env -i`: no variable marks it, so without native calls nobody finds it. */
  emptyEnvironment: HAS_NATIVE ? Schema.Boolean : (Schema.Literal(false) as unknown as typeof Schema.Boolean),
  /** Ignores TERM, HUP and INT. */
  ignores: Schema.Boolean,
  /** Stops itself once it is up. */
  stopped: Schema.Boolean,
  /** Gives the command's stdout and stderr up instead of holding them open. */
  redirected: Schema.Boolean,
  /** Works in another directory. */
  elsewhere: Schema.Boolean
})
export type Node = typeof Node.Type

const PLAIN: Node = {
  parent: 0,
  nohup: false,
  setsid: false,
  orphan: false,
  emptyEnvironment: false,
  ignores: false,
  stopped: false,
  redirected: false,
  elsewhere: false
}
/** A process that does nothing but what is said. */
export const node = (properties: Partial<Node>): Node => ({ ...PLAIN, ...properties })

/** The first process is the command; the properties that say how a process is started do not apply to it. */
export const Tree = Schema.Array(Node).check(Schema.isMinLength(1), Schema.isMaxLength(TREE_SIZE))
export type Tree = typeof Tree.Type

export const count = (tree: Tree): number => tree.length

/** The parent of each process; none is deeper than `MAX_DEPTH`. */
const parents = (tree: Tree): ReadonlyArray<number> => {
  const depths = [1]
  const found = [-1]
  for (const { parent } of tree.slice(1)) {
    const candidates = [...depths.keys()].filter((n) => depths[n]! < MAX_DEPTH)
    const chosen = candidates[parent % candidates.length]!
    found.push(chosen)
    depths.push(depths[chosen]! + 1)
  }
  return found
}

/** For each process, whether it or one above it has left the command's session, and so its process group. */
export const outOfSession = (tree: Tree): ReadonlyArray<boolean> => {
  const out: Array<boolean> = []
  for (const [n, parent] of parents(tree).entries()) out.push(n > 0 && (tree[n]!.setsid || out[parent]!))
  return out
}

/** Time between two heartbeats: each is a fork of `sleep`, and two cores have to bear several trees. */
export const beatMs = (tree: Tree): number => Math.max(50, 10 * tree.length)

const startLine = (tree: Tree, n: number, file: string): string => {
  const { emptyEnvironment, nohup, orphan, setsid } = tree[n]!
  const words = [
    ...(emptyEnvironment ? ["env", "-i"] : []),
    ...(nohup ? ["nohup"] : []),
    ...(setsid ? ["setsid"] : []),
    `sh ${file} ${n}`
  ]
  return orphan ? `(${words.join(" ")} &)` : `${words.join(" ")} &`
}

/**
 * The tree as a script for `sh FILE N`, N being the process; FILE is `DIR/tree`. A process writes its pid to
 * `DIR/N.pid` when it has started its children, then adds a byte to `DIR/N` for each heartbeat, and exits with 0
 * once there is a `DIR/N.exit`.
 */
export const script = (tree: Tree, dir: string): string => {
  const above = parents(tree)
  const branches = tree.map(({ elsewhere, ignores, redirected, stopped }, n) => {
    const lines = [
      ...(ignores ? ["trap '' TERM HUP INT"] : []),
      ...(redirected ? ["exec >/dev/null 2>&1"] : []),
      ...(elsewhere ? [`cd ${dir}/elsewhere`] : []),
      ...(stopped ? ["stops=yes"] : []),
      ...tree.flatMap((_, child) => (above[child] === n ? [startLine(tree, child, `${dir}/tree`)] : []))
    ]
    return `${n}) ${[":", ...lines].join("\n  ")}\n  ;;`
  })
  return `stops=
case $1 in
${branches.join("\n")}
esac
echo $$ >${dir}/$1.pid
[ -z "$stops" ] || kill -STOP $$
until [ -e ${dir}/$1.exit ]; do
  printf . >>${dir}/$1
  sleep ${beatMs(tree) / 1000}
done
exit 0
`
}

/** A tree with a directory of its own. */
export interface Planted {
  readonly tree: Tree
  readonly dir: string
  /** What starts it. */
  readonly command: ReadonlyArray<string>
}

/** Writes the script; at the end of the Scope nothing of the tree is left. */
export const plant = Effect.fnUntraced(function* (tree: Tree) {
  const dir = yield* temporaryDirectory
  const file = path.join(dir, "tree")
  fs.writeFileSync(file, script(tree, dir))
  fs.mkdirSync(path.join(dir, "elsewhere"))
  yield* Effect.addFinalizer(() => sweep(dir))
  return { tree, dir, command: ["sh", file, "0"] } satisfies Planted
})

/** A living process of a tree. */
export interface Member {
  readonly pid: number
  /** Its place in the tree. */
  readonly n: number
  /** As /proc has it: `T` is stopped. */
  readonly state: string
}

const read = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return undefined // never there, or gone since
  }
}

/** The processes of this machine. */
export const pids = (): ReadonlyArray<number> => fs.readdirSync("/proc").filter(isNumber).map(Number)
const isNumber = (name: string) => /^\d+$/.test(name)

/** A process's arguments; none for a zombie. */
export const argumentsOf = (pid: number): ReadonlyArray<string> =>
  read(`/proc/${pid}/cmdline`)?.split("\0") ?? []

/** What is behind the name in /proc/PID/stat: state, parent, group, session and so on. */
export const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  const stat = read(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")
}

/** The children of all of a process's threads, zombies among them. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => (read(`/proc/${pid}/task/${thread}/children`) ?? "").split(" "))
    .filter(isNumber)
    .map(Number)

/** Who of the tree in this directory lives. A zombie has no arguments, a recycled pid has others. */
export const survivors = (dir: string): ReadonlyArray<Member> =>
  pids().flatMap((pid) => {
    const words = argumentsOf(pid)
    const at = words.indexOf(`${dir}/tree`)
    const state = at < 0 ? undefined : statOf(pid)?.[0]
    return state === undefined || "ZX".includes(state) ? [] : [{ pid, n: Number(words[at + 1]), state }]
  })

/** The pid that a process of the tree wrote down. */
const pidOf = (dir: string, n: number): number | undefined => {
  const text = read(`${dir}/${n}.pid`)
  return text?.endsWith("\n") === true ? Number(text) : undefined
}

/** How many processes of the tree have come up so far. */
export const arrived = ({ dir, tree }: Planted): number =>
  tree.filter((_, n) => pidOf(dir, n) !== undefined).length

/** Whether each process of the tree lives, and the right ones are stopped. */
export const isComplete = ({ dir, tree }: Planted): boolean => {
  const living = new Map(survivors(dir).map((member) => [member.pid, member]))
  return tree.every(({ stopped }, n) => {
    const member = living.get(pidOf(dir, n) ?? 0)
    return member?.n === n && stopped === (member.state === "T")
  })
}

/** Waits until the whole tree is there. */
export const awaitUp = (planted: Planted): Effect.Effect<true, HarnessError> =>
  until(`a tree of ${planted.tree.length}`, UP_MS + UP_MS_PER_NODE * planted.tree.length, () =>
    arrived(planted) === planted.tree.length && isComplete(planted) ? true : undefined
  ).pipe(Effect.mapError((error) => new HarnessError({ message: `${error.message}; ${shown(planted)}` })))

/** The heartbeats so far, by place in the tree. */
export const beats = ({ dir, tree }: Planted): ReadonlyArray<number> =>
  tree.map((_, n) => fs.statSync(`${dir}/${n}`, { throwIfNoEntry: false })?.size ?? 0)

/** Waits until each process of the tree that is not stopped has beaten twice more; fails if one is not there. */
export const runsOn = (planted: Planted): Effect.Effect<true, HarnessError> =>
  Effect.suspend(() => {
    const before = beats(planted)
    return until(`two more heartbeats of each`, 2000 + 20 * beatMs(planted.tree), () =>
      beats(planted).every((size, n) => planted.tree[n]!.stopped || size >= before[n]! + 2) ? true : undefined
    ).pipe(
      Effect.filterOrFail(
        () => isComplete(planted),
        () => new HarnessError({ message: "lost a process" })
      ),
      Effect.mapError(
        (error) => new HarnessError({ message: `a tree must run on: ${error.message}; ${shown(planted)}` })
      )
    )
  })

/** Waits until nobody of these trees lives, and gives the milliseconds that it took. */
export const gone = (trees: ReadonlyArray<Planted>, milliseconds: number) =>
  Effect.suspend(() => {
    const start = performance.now()
    return until("the end of a tree", milliseconds, () =>
      trees.every(({ dir }) => survivors(dir).length === 0) ? performance.now() - start : undefined
    ).pipe(
      Effect.mapError(
        (error) => new HarnessError({ message: `${error.message}; ${trees.map(shown).join("; ")}` })
      )
    )
  })

/** Who lives, and what it did to get there: for messages. */
export const shown = ({ dir, tree }: Planted): string => {
  const above = parents(tree)
  const living = survivors(dir).map(({ n, pid, state }) => {
    const does = Object.entries(tree[n]!).flatMap(([name, value]) => (value === true ? [name] : []))
    return `${n} below ${above[n]} (${["pid", pid, state, ...does].join(" ")})`
  })
  return `${arrived({ dir, tree, command: [] })} of ${tree.length} had come up, alive are [${living.join(", ")}]`
}

/** Kills what is left of the tree in this directory, and what that starts meanwhile. */
export const sweep = (dir: string): Effect.Effect<void> =>
  until("a swept tree", 5000, () => {
    const left = survivors(dir)
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // gone by itself
      }
    }
    return left.length === 0 ? true : undefined
  }).pipe(Effect.ignore)
