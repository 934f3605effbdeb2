/** Errors of the operating system in the words of the original: `No such file or directory (os error 2)`. */

/** Errno on Linux and what `strerror(3)` of musl says of it. */
const ERRORS: Readonly<Record<string, readonly [errno: number, text: string]>> = {
  EPERM: [1, "Operation not permitted"],
  ENOENT: [2, "No such file or directory"],
  EIO: [5, "I/O error"],
  ENXIO: [6, "No such device or address"],
  E2BIG: [7, "Argument list too long"],
  ENOEXEC: [8, "Exec format error"],
  EAGAIN: [11, "Resource temporarily unavailable"],
  ENOMEM: [12, "Out of memory"],
  EACCES: [13, "Permission denied"],
  EBUSY: [16, "Resource busy"],
  EEXIST: [17, "File exists"],
  ENOTDIR: [20, "Not a directory"],
  EISDIR: [21, "Is a directory"],
  EINVAL: [22, "Invalid argument"],
  ENFILE: [23, "Too many open files in system"],
  EMFILE: [24, "No file descriptors available"],
  ETXTBSY: [26, "Text file busy"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  ENAMETOOLONG: [36, "Filename too long"],
  ENOTEMPTY: [39, "Directory not empty"],
  ELOOP: [40, "Symbolic link loop"],
  EADDRINUSE: [98, "Address in use"],
  EADDRNOTAVAIL: [99, "Address not available"],
  ECONNRESET: [104, "Connection reset by peer"],
  ETIMEDOUT: [110, "Operation timed out"],
  ECONNREFUSED: [111, "Connection refused"],
  EHOSTUNREACH: [113, "Host is unreachable"]
}

/** The text for an error code such as `ENOENT`. */
export const textOf = (code: string): string => {
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined
  return known === undefined ? code : `${known[1]} (os error ${known[0]})`
}

/** Errors wrap each other a few times at most; one that is its own cause must not hang us. */
const MAX_CAUSES = 8

/** The text for any error that carries a code, itself or in a cause of it. */
export const text = (error: unknown): string => {
  let inner = error
  for (let i = 0; i < MAX_CAUSES && typeof inner === "object" && inner !== null; i++) {
    const { cause, code, reason } = inner as { readonly [key in "cause" | "code" | "reason"]?: unknown }
    if (typeof code === "string") return textOf(code)
    inner = cause ?? reason
  }
  return error instanceof Error ? error.message : String(error)
}
