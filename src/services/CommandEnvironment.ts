/** The environment of one command: what the server has for all of them, changed as the request says. */

type Environment = Readonly<Record<string, string>>
type Overrides = Readonly<Record<string, string | null>>

/**
 * Gives the environment that sets each variable of `overrides` over `base`, and removes those that are null. Any name
 * is safe in it, even `__proto__`. Without overrides it is the same object each time.
 */
export const over = (
  base: Readonly<Record<string, string | undefined>>
): ((overrides: Overrides | null | undefined) => Environment) => {
  const own = new Map<string, string>()
  for (const [name, value] of Object.entries(base)) if (value !== undefined) own.set(name, value)
  const unchanged: Environment = Object.fromEntries(own)
  return (overrides) => {
    if (overrides == null) return unchanged
    const env = new Map(own)
    for (const [name, value] of Object.entries(overrides)) {
      if (value === null) env.delete(name)
      else env.set(name, value)
    }
    return Object.fromEntries(env)
  }
}
