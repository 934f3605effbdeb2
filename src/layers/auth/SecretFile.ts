/**
 * A file with a secret in it, which nobody else may change: who can, opens the server to himself. Its owner is
 * trusted, whoever it is, for the one who names the file chose him.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as SystemError from "../../services/SystemError.ts"
import * as RealPath from "../RealPath.ts"

/** The file cannot be used; `message` says why, and how that is mended, but nothing of the content. */
export class SecretFileError extends Data.TaggedError("SecretFileError")<{ readonly message: string }> {}

const OTHERS_WRITE = fs.constants.S_IWGRP | fs.constants.S_IWOTH
const OTHERS_READ = fs.constants.S_IRGRP | fs.constants.S_IROTH
/** In such a directory only its owner replaces a file; Node does not name it. */
const STICKY = 0o1000

/** The path for a shell. */
const quoted = (file: string): string =>
  /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`

/** The directory in which others may put another file, or link, in the place of this one. */
const foreignDirectory = (file: string): string | undefined => {
  const found = RealPath.resolve(file)
  if (found === undefined) return undefined
  return [found.real, ...found.links]
    .map((name) => path.dirname(name))
    .find((directory) => {
      const { mode } = fs.statSync(directory)
      return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0
    })
}

interface Secret {
  readonly text: string
  readonly warning: string | undefined
}

/** Throws `SecretFileError` and system errors. */
const readSync = (file: string): Secret => {
  const fd = fs.openSync(file, "r")
  try {
    const stat = fs.fstatSync(fd)
    if (stat.isDirectory()) throw Object.assign(new Error("directory"), { code: "EISDIR" })
    const chmod = `run \`chmod 600 ${quoted(file)}\``
    if ((stat.mode & OTHERS_WRITE) !== 0) {
      throw new SecretFileError({
        message: `websocket auth secret ${file} can be written by others; ${chmod}`
      })
    }
    const directory = stat.isFile() ? foreignDirectory(file) : undefined
    if (directory !== undefined) {
      throw new SecretFileError({
        message: `websocket auth secret ${file} can be replaced by others, for ${directory} can be written by them; run \`chmod go-w ${quoted(directory)}\``
      })
    }
    const bytes = fs.readFileSync(fd)
    return {
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).trim(),
      warning:
        (stat.mode & OTHERS_READ) === 0
          ? undefined
          : `websocket auth secret ${file} can be read by others; ${chmod}`
    }
  } finally {
    fs.closeSync(fd)
  }
}

const problemOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === "ERR_ENCODING_INVALID_ENCODED_DATA"
    ? "stream did not contain valid UTF-8"
    : SystemError.text(error)

/**
 * The content of `file`, an absolute path, without the blanks around it; never empty. Warns in the log where others
 * can read it.
 */
export const read = Effect.fnUntraced(function* (file: string) {
  const { text, warning } = yield* Effect.try({
    try: () => readSync(file),
    catch: (error) =>
      error instanceof SecretFileError
        ? error
        : new SecretFileError({
            message: `failed to read websocket auth secret ${file}: ${problemOf(error)}`
          })
  })
  if (text === "") {
    return yield* new SecretFileError({ message: `websocket auth secret ${file} must not be empty` })
  }
  if (warning !== undefined) yield* Effect.logWarning(warning)
  return text
})
