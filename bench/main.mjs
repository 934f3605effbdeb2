// @ts-check
/** The benchmark: `npm run bench -- --help`. The results go to stdout as Markdown, what is going on to stderr. */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { chartsOf, growthTables } from "./charts.mjs"
import { CODEX_MISSING, contendersOf, findCodex } from "./contenders.mjs"
import { growth } from "./growth.mjs"
import { machineLine } from "./machine.mjs"
import { LongLived, runScenario } from "./run.mjs"
import { groups, scenariosOf } from "./scenarios/index.mjs"
import { insert, markdown, summary } from "./table.mjs"

/** @import { ContenderName, Row } from "./types.ts" */

/** @type {ReadonlyArray<ContenderName>} */
const CONTENDERS = ["ours", "codex", "npm", "floor"]

const README = fileURLToPath(new URL("../README.md", import.meta.url))
const DETAILS = fileURLToPath(new URL("../docs/measured.md", import.meta.url))
const DOCS = new URL("../docs/", import.meta.url)

const HELP = `Measures this server beside Codex and beside a bare ws server.

  npm run bench -- [--only NAME,...] [--rounds N] [--quick] [--growth] [--write] [--json FILE]

  --only NAME,...        of ${groups.join(", ")}
  --contenders NAME,...  of ${CONTENDERS.join(", ")}; all by default
  --rounds N             how often each is measured (5; with --quick 1)
  --quick                a quarter of the work
  --growth               measures instead how cost grows, and draws docs/bench-*.svg
  --write                puts the tables into README.md and docs/measured.md
  --json FILE            keeps every sample

CODEX_BIN names the Codex to measure; by default it is the one that \`npm ci --prefix bench\` installs.
`

const optionsOf = () => {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      contenders: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false }
    }
  })
  const names = /** @type {ReadonlyArray<ContenderName>} */ (values.contenders?.split(",") ?? CONTENDERS)
  const unknown = names.filter((name) => !CONTENDERS.includes(name))
  if (unknown.length > 0)
    throw new Error(`nobody is called ${unknown.join(" or ")}: ${CONTENDERS.join(", ")}`)
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number from 1 on")
  if (values.growth && (values.write || values.only !== undefined)) {
    throw new Error("--growth measures something else: it goes with neither --write nor --only")
  }
  return { ...values, names, rounds, scenarios: scenariosOf(values.only?.split(",")) }
}

/**
 * Puts text between the markers of a file, or only looks for these.
 *
 * @param {string} file
 * @param {string | undefined} text
 */
const write = (file, text) => {
  const document = insert(fs.readFileSync(file, "utf8"), text ?? "")
  if (text !== undefined) fs.writeFileSync(file, document)
}

/** @param {string} line */
const say = (line) => console.error(line)

/**
 * @param {ReturnType<typeof optionsOf>} options
 * @param {Parameters<typeof runScenario>[1]} contenders
 */
const measureAll = async (options, contenders) => {
  /** @type {Array<Row>} */
  const rows = []
  const servers = new LongLived()
  try {
    for (const scenario of options.scenarios) {
      const began = performance.now()
      rows.push(...(await runScenario(scenario, contenders, servers, options)))
      say(`${scenario.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
  } finally {
    await servers.end()
  }
  return rows
}

const main = async () => {
  const options = optionsOf()
  if (options.help) return console.log(HELP)
  if (options.write) for (const file of [README, DETAILS]) write(file, undefined) // rather now than after all the work
  const codex = findCodex(process.env.CODEX_BIN)
  const contenders = contendersOf(options.names, codex)
  const isMissing = (/** @type {ContenderName} */ name) => !contenders.some((each) => each.name === name)
  if (options.names.some((name) => name !== "floor" && isMissing(name))) say(CODEX_MISSING)
  const machine = machineLine({ ...options, codex: isMissing("codex") ? undefined : codex.codex })

  /** @type {object} */
  let results
  if (options.growth) {
    /** @type {Array<string>} */
    const failures = []
    const growing = contenders.filter(({ name }) => name !== "npm") // grows as its program does
    const measured = await growth(growing, options, (failure) => failures.push(`- ${failure}`))
    for (const [name, svg] of Object.entries(chartsOf(measured))) fs.writeFileSync(new URL(name, DOCS), svg)
    console.log([machine, growthTables(measured), ...failures].join("\n\n"))
    results = { machine, ...measured, failures }
  } else {
    const rows = await measureAll(options, contenders)
    const text = markdown(rows, machine)
    console.log(text)
    if (options.write) {
      write(README, summary(rows, machine))
      write(DETAILS, text)
    }
    results = { machine, rows }
  }
  if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`)
}

main().catch((error) => {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
