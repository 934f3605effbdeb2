/** What an HTTP request line asks for: `/path`, or in absolute form `http://host/path`, as if to a proxy. */

export interface RequestTarget {
  /** The host with its port; only the absolute form has it. */
  readonly authority: string | undefined
  /** Without the query. */
  readonly path: string
}

const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)([^?#]*)/i

export const parse = (url: string): RequestTarget => {
  const absolute = ABSOLUTE.exec(url)
  return absolute === null
    ? { authority: undefined, path: url.split("?", 1)[0]! }
    : { authority: absolute[1]!, path: absolute[2] === "" ? "/" : absolute[2]! }
}
