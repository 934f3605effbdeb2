/** The machine and the environment that this process runs in. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HostInfo } from "../services/HostInfo.ts"

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { darwin: "macos", win32: "windows" }

/** `Debian 12.0.0` from os-release(5); without it what `uname(2)` says. */
const systemName = (): string => {
  let text: string
  try {
    text = fs.readFileSync("/etc/os-release", "utf8")
  } catch {
    return `${os.type()} ${os.release()}`
  }
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? ""
  const id = value("ID") || "linux"
  const [major = 0, minor = 0, patch = 0] = value("VERSION_ID").split(".").map(Number)
  return `${id[0]!.toUpperCase()}${id.slice(1)} ${major}.${minor}.${patch}`
}

export const layer = (codexHome: string): Layer.Layer<HostInfo> =>
  Layer.effect(
    HostInfo,
    Effect.sync(() => ({
      codexHome,
      cwd: process.cwd(),
      home: os.homedir(),
      env: process.env,
      os: systemName(),
      architecture: os.machine(),
      platformFamily: process.platform === "win32" ? "windows" : "unix",
      platformOs: PLATFORM_NAMES[process.platform] ?? process.platform
    }))
  )
