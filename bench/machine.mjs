// @ts-check
/** Where and with what it was measured, in one line. */
import * as fs from "node:fs"
import * as os from "node:os"
import { versionOf } from "./contenders.mjs"

/** @param {string} file */
const packageVersion = (file) => JSON.parse(fs.readFileSync(new URL(file, import.meta.url), "utf8")).version

/**
 * @param {{ readonly rounds: number, readonly quick: boolean, readonly codex: string | undefined }} run
 */
export const machineLine = ({ rounds, quick, codex }) => {
  const cpus = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return [
    `${cpus.length} × ${cpus[0]?.model.trim() || os.machine()}`,
    `${memory} GiB`,
    `Linux ${os.release()}`,
    `Node ${process.version}`,
    `effect-app-server ${packageVersion("../package.json")}`,
    codex === undefined ? "no Codex" : versionOf(codex),
    `ws ${packageVersion("../node_modules/ws/package.json")}`,
    `${rounds} ${rounds === 1 ? "round" : "rounds"}${quick ? ", quick" : ""}`,
    new Date().toISOString().slice(0, 10)
  ].join("; ")
}
