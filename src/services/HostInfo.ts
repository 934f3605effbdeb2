/** What a server says of the machine that it runs on, and where its commands start. */
import * as Context from "effect/Context"

export class HostInfo extends Context.Service<
  HostInfo,
  {
    /** The configuration directory. */
    readonly codexHome: string
    /** Working directory of the server. */
    readonly cwd: string
    /** Home directory of the server's user. */
    readonly home: string
    /** The server's environment. */
    readonly env: Readonly<Record<string, string | undefined>>
    /** Name and version of the system, such as `Debian 12.0.0`. */
    readonly os: string
    /** As in `x86_64` or `arm64`. */
    readonly architecture: string
    /** `unix` or `windows`. */
    readonly platformFamily: string
    /** `linux`, `macos` or `windows`. */
    readonly platformOs: string
  }
>()("effect-app-server/HostInfo") {}
