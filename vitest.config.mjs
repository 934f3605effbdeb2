import { defineConfig } from "vitest/config"

// the reporter uses it to print failures, and Node 20 lacks it
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map()
  let index = 0
  for (const item of items) {
    const key = keyOf(item, index++)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/06-test-your-client.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
