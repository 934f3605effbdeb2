/** The pages that may connect from a browser, by their origins as browsers write them. */

/** Of any scheme, for extensions and webviews have their own. No pattern: those would be compared as they are. */
const SERIALIZED = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,*]+$/

/** What is wrong with `origin`, where it is none that a browser could send. */
export const problem = (origin: string): string | undefined => {
  const written = URL.canParse(origin) && !/[\s,*]/.test(origin) ? new URL(origin).origin : undefined
  // schemes that are not the web's have `null` there, and browsers send what stands in front of the path
  if (written === origin || (written === "null" && SERIALIZED.test(origin))) return undefined
  return written === undefined || written === "null"
    ? "expected an origin such as `https://example.com`"
    : `a browser sends \`${written}\``
}
