// A plugin for esbuild: modules of Node that the program calls, but not on its way to its first client. They are
// loaded by the first call. What is called has to be named here; another name is an error of the build.

const LATE = {
  crypto: ["createHash", "randomBytes", "randomFillSync", "randomInt", "timingSafeEqual"],
  "fs/promises": ["lstat", "mkdir", "open", "readdir", "readlink", "rmdir", "stat", "symlink", "unlink"],
  https: ["get", "request"],
  tls: ["connect"]
}

const moduleOf = (name) => `
let loaded
const load = () => (loaded ??= require("node:${name}"))
${LATE[name].map((call) => `export const ${call} = (...args) => load().${call}(...args)`).join("\n")}
`

const namespace = "late-builtins"

export const lateBuiltins = {
  name: namespace,
  setup: ({ onLoad, onResolve }) => {
    const filter = new RegExp(`^(?:node:)?(?:${Object.keys(LATE).join("|")})$`)
    onResolve({ filter }, ({ namespace: from, path }) =>
      from === namespace ? { path, external: true } : { path: path.replace(/^node:/, ""), namespace }
    )
    onLoad({ filter: /^/, namespace }, ({ path }) => ({ contents: moduleOf(path) }))
  }
}
