/** Why there is no configuration. */
import * as Schema from "effect/Schema"

const Position = Schema.Struct({ line: Schema.Int, column: Schema.Int })

/**
 * A file that is not TOML, a value out of its bounds, a key that nobody knows (only with `--strict-config`), a file
 * that cannot be read.
 */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  reason: Schema.Literals(["Malformed", "Invalid", "UnknownKey", "Unreadable"]),
  /** At the start the command line is to blame, for a bad file only makes a warning then. */
  during: Schema.Literals(["Start", "Read", "Write"]),
  problem: Schema.String,
  /** The dotted path of the value, where it is one. */
  key: Schema.optionalKey(Schema.String),
  /** The file, where it is one. */
  path: Schema.optionalKey(Schema.String),
  /** The place in the file: its first and its last character. */
  range: Schema.optionalKey(Schema.Struct({ start: Position, end: Position }))
}) {
  /** The problem with the place to look at: `PATH:LINE:COLUMN: …`. */
  get located(): string {
    const { path, problem, range } = this
    if (path === undefined) return problem
    return range ? `${path}:${range.start.line}:${range.start.column}: ${problem}` : `${path}: ${problem}`
  }

  /** As clients, or the person at the command line, know it from the original. */
  override get message(): string {
    const { during, key, path, reason } = this
    const inKey = key === undefined ? "" : `\nin \`${key}\`\n`
    if (during === "Start") return path === undefined ? this.located + inKey : this.located
    if (during === "Write") return `failed to load configuration: ${this.located}`
    return reason === "Invalid"
      ? `invalid configuration: ${this.problem}${inKey}`
      : `failed to read configuration layers: ${this.located}`
  }
}
