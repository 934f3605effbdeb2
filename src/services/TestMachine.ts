/** A machine for tests of clients: the same everywhere, with programs that are given, no files and no configuration. */
import * as Effect from "effect/Effect"
import * as PlatformFileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as PlatformError from "effect/PlatformError"
import { ConfigStore } from "./ConfigStore.ts"
import { SystemRefusal } from "./FileSystemError.ts"
import { FileWatcher } from "./FileWatcher.ts"
import { HostInfo } from "./HostInfo.ts"
import { LocalFiles } from "./LocalFiles.ts"
import { Sandbox, environment } from "./Sandbox.ts"
import * as SystemError from "./SystemError.ts"
import * as TestProgram from "./TestProgram.ts"

const layerHost = Layer.succeed(HostInfo, {
  codexHome: "/home/test/.codex",
  cwd: "/home/test",
  home: "/home/test",
  env: { HOME: "/home/test", PATH: "/bin" },
  os: "Test 1.0.0",
  architecture: "x86_64",
  platformFamily: "unix",
  platformOs: "linux"
})

/** There is nothing to protect from programs of a test, so every policy is kept. */
const layerSandbox = Layer.succeed(Sandbox, {
  confine: (rules, { env }) => Effect.succeed({ env: environment(rules, env) })
})

const nothingThere = () => Effect.fail(new SystemRefusal({ text: SystemError.textOf("ENOENT") }))
const notFound = (method: string) => () =>
  Effect.fail(
    PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method, cause: { code: "ENOENT" } })
  )
const layerFiles = Layer.mergeAll(
  Layer.succeed(LocalFiles, {
    read: nothingThere,
    write: nothingThere,
    list: nothingThere,
    copyFile: nothingThere,
    copyLink: nothingThere,
    copyDirectory: nothingThere,
    remove: nothingThere
  }),
  Layer.succeed(FileWatcher, { watch: () => Effect.void }),
  PlatformFileSystem.layerNoop({
    lstat: notFound("lstat"),
    makeDirectory: notFound("makeDirectory"),
    realPath: notFound("realPath"),
    stat: notFound("stat")
  }),
  Path.layer
)

/** All that the server needs of a machine. */
export const layer = (programs: TestProgram.TestPrograms) =>
  Layer.mergeAll(TestProgram.layer(programs), layerSandbox, layerHost, layerFiles, ConfigStore.layerTest())
