/** Errors of the operating system in the words of the original: `No such file or directory (os error 2)`. */

/** Errno on Linux and what `strerror(3)` of musl says of it. */
const ERRORS: Readonly<Record<string, readonly [errno: number, text: string]>> = {
  EPERM: [1, "Operation not permitted"],
  ENOENT: [2, "No such file or directory"],
  EIO: [5, "I/O error"],
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
  EADDRNOTAVAIL: [99, "Address not available"]
}

/** The text for an error code such as `ENOENT`. */
export const textOf = (code: string): string => {
  const known = ERRORS[code]
  return known === undefined ? code : `${known[1]} (os error ${known[0]})`
}

/** The text for any error that carries a code, itself or in a cause of it. */
export const text = (error: unknown): string => {
  for (
    let e = error;
    typeof e === "object" && e !== null;
    e = (e as { cause?: unknown }).cause ?? (e as { reason?: unknown }).reason
  ) {
    const { code } = e as { readonly code?: unknown }
    if (typeof code === "string") return textOf(code)
  }
  return error instanceof Error ? error.message : String(error)
}
