/**
 * Keeps `schema/` what the generators make of the contract: names the files that are not and fails, or with
 * `--write` puts them right.
 */
import { build } from "esbuild"
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Node 20 cannot run TypeScript, so the generators are bundled to a module without imports. */
const generators = async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { jsonSchemaFiles } from "./src/layers/cli/JsonSchemaFiles.ts"
        export { typeScriptFiles } from "./src/layers/cli/TypeScriptFiles.ts"`,
      resolveDir: root
    },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`)
}

const within = (folder, files) => [...files].map(([name, content]) => [join("schema", folder, name), content])

/** File name below the root of the repository -> content. */
const generate = async () => {
  const { jsonSchemaFiles, typeScriptFiles } = await generators()
  return new Map([
    ...within("json", jsonSchemaFiles({ experimental: true })),
    ...within("typescript", typeScriptFiles({ experimental: true }))
  ])
}

const committed = async () => {
  const entries = await readdir(join(root, "schema"), { recursive: true, withFileTypes: true }).catch(
    () => []
  )
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = async (name) => [name.slice(root.length), await readFile(name, "utf8")]
  return new Map(await Promise.all(names.map(read)))
}

const [expected, actual] = await Promise.all([generate(), committed()])
const stale = [...new Set([...expected.keys(), ...actual.keys()])].filter(
  (name) => expected.get(name) !== actual.get(name)
)

if (process.argv.includes("--write")) {
  for (const name of stale) {
    const file = join(root, name)
    const content = expected.get(name)
    if (content === undefined) {
      await rm(file)
    } else {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
    }
  }
} else if (stale.length > 0) {
  console.error(`These do not match src/rpc:\n${stale.map((name) => `  ${name}\n`).join("")}`)
  console.error("Refresh them with: node scripts/schema.mjs --write")
  process.exitCode = 1
}
