// @ts-check
/** What is compared: our server, Codex as its users start it and by its program itself, and the floor. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

/** @import { Contender, ContenderName } from "./types.ts" */

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

const MAIN = here("../dist/main.js")
const FLOOR = here("floor.mjs")
const PACKAGE = "@openai/codex"

export const CODEX_MISSING =
  "Codex is not here, so it is not measured. `npm ci --prefix bench` gets it, or CODEX_BIN names one that is installed."

/** @param {string} file */
const isScript = (file) => {
  const fd = fs.openSync(file, "r")
  const magic = Buffer.alloc(4)
  fs.readSync(fd, magic)
  fs.closeSync(fd)
  return magic.toString("latin1") !== "\x7fELF"
}

/**
 * The program that a launcher starts: it is in a package of its own, one for each kind of machine.
 *
 * @param {string} launcher
 */
const programOf = (launcher) => {
  const name = `${PACKAGE}-linux-${process.arch}`
  try {
    const vendor = path.join(path.dirname(createRequire(launcher).resolve(`${name}/package.json`)), "vendor")
    return fs
      .readdirSync(vendor)
      .map((triple) => path.join(vendor, triple, "bin/codex"))
      .find((file) => fs.existsSync(file))
  } catch {
    return undefined
  }
}

/**
 * The launcher whose program this is, if it was installed by npm.
 *
 * @param {string} program
 */
const launcherOf = (program) => {
  const modules = /^.*\/node_modules\//.exec(program)?.[0]
  const launcher = modules === undefined ? undefined : path.join(modules, PACKAGE, "bin/codex.js")
  return launcher !== undefined && fs.existsSync(launcher) ? launcher : undefined
}

/**
 * Where Codex is: CODEX_BIN, its launcher or its program, else the package that is installed in bench. The other of
 * the two is looked for beside it.
 *
 * @param {string | undefined} named
 * @returns {{ readonly npm?: string | undefined, readonly codex?: string | undefined }}
 */
export const findCodex = (named) => {
  const installed = here(`node_modules/${PACKAGE}/bin/codex.js`)
  const given = named ?? (fs.existsSync(installed) ? installed : undefined)
  if (given === undefined) return {}
  if (!fs.existsSync(given)) throw new Error(`CODEX_BIN names ${given}, which does not exist`)
  const file = fs.realpathSync(given)
  return isScript(file) ? { npm: file, codex: programOf(file) } : { npm: launcherOf(file), codex: file }
}

/**
 * The contenders of these names that are on this machine.
 *
 * @param {ReadonlyArray<ContenderName>} names
 * @param {ReturnType<typeof findCodex>} codex
 * @returns {ReadonlyArray<Contender>}
 */
export const contendersOf = (names, { npm, codex }) => {
  const { execPath: node } = process
  /** @type {Record<ContenderName, ReadonlyArray<string> | undefined>} */
  const programs = {
    ours: [node, MAIN],
    codex: codex === undefined ? undefined : [codex, "app-server"],
    npm: npm === undefined ? undefined : [node, npm, "app-server"],
    floor: [node, FLOOR]
  }
  return names.flatMap((name) => {
    const [program, ...args] = programs[name] ?? []
    return program === undefined
      ? []
      : [{ name, command: (listen) => [program, ...args, "--listen", listen] }]
  })
}

/** @param {string} codex */
export const versionOf = (codex) => execFileSync(codex, ["--version"], { encoding: "utf8" }).trim()
