/** The environment of one command: what the server has for all of them, changed as the request says. */

/**
 * Sets each variable of `overrides` over `base`, and removes those that are null. The result is an object of its
 * own, in which any name is safe, even `__proto__`.
 */
export const merge = (
  base: Readonly<Record<string, string | undefined>>,
  overrides: Readonly<Record<string, string | null>> | null | undefined
): Record<string, string> => {
  const env = new Map<string, string>()
  for (const [name, value] of [...Object.entries(base), ...Object.entries(overrides ?? {})]) {
    if (value == null) env.delete(name)
    else env.set(name, value)
  }
  return Object.fromEntries(env)
}
