/**
 * What runs in a spare sandbox: a shell that reads a script from a pipe and becomes the command. It is dash, for that
 * adds nothing to the environment; bash counts SHLVL and speaks of locales.
 */
import type { Confinable } from "../services/Sandbox.ts"

/** dash's descriptors: what became of it, and the script. */
const REPORT = 6
const SCRIPT = 7

const READY = "spare: ready"
const BEGUN = "spare: begun"
const FAILED = "spare: failed"

/**
 * Waits. What a redirection replaces dash keeps from 10 on, closed on exec, and puts back before it runs a trap: so a
 * failed `exec` is told by a descriptor that the command does not have.
 */
export const argv = (dash: string) =>
  [
    dash,
    "-c",
    `trap 'echo ${FAILED} >&${REPORT}' EXIT; : </proc/self/fd/${SCRIPT} && echo ${READY} >&${REPORT} && . /proc/self/fd/${SCRIPT}`
  ] as const

/** Whether the report is of a spare that got as far as to the script. */
export const isReady = (report: string): boolean => report.includes(READY)
/** Whether the report is of a spare that became its command. */
export const hasBegun = (report: string): boolean => report.includes(BEGUN) && !report.includes(FAILED)

/** Larger commands take the ordinary way, which knows a limit. */
const MAX_WORDS = 1000

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** One compound command: a part of it is never run. Nothing for what dash would not start as bwrap does. */
export const make = ({ argv, cwd, env }: Confinable, stdin: boolean): Uint8Array | undefined => {
  const variables = Object.entries({ ...env, PWD: cwd })
  const [program] = argv
  if (argv.length + variables.length > MAX_WORDS || !program || program.startsWith("-")) return undefined
  // OPTIND has to be a number there
  if (!variables.every(([name]) => IDENTIFIER.test(name) && name !== "OPTIND")) return undefined
  // dash gives % in PATH a meaning, and has a PATH of its own
  if (!program.includes("/") && (env["PATH"] ?? "%").includes("%")) return undefined
  const words = [
    `{\ncd -P -- ${quoted(cwd)} && unset OLDPWD && export`,
    ...variables.map(([name, value]) => `${name}=${quoted(value)}`),
    `&& echo ${BEGUN} >&${REPORT} && { exec`,
    ...argv.map(quoted),
    `; } ${stdin ? "" : "</dev/null"} ${REPORT}>&- ${SCRIPT}<&-\nexit\n}\n`
  ]
  return Buffer.from(words.join(" "))
}
