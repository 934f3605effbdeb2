/** What can be wrong with params, one place at a time. */
import { Raw, nested, print, printMembers } from "./json.ts"
import type { Random } from "./random.ts"

/** Levels: of a message 128 are read. */
const DEPTHS = [2, 100, 129]
/** The longest text of all. */
const HUGE = 1024 * 1024

/** A value and where it is; what it is in is changed in place. */
interface Place {
  readonly holder: object
  readonly key: string
}

const get = ({ holder, key }: Place): unknown => (holder as Record<string, unknown>)[key]

/** An assignment would change the prototype, were the name `__proto__`. */
const set = ({ holder, key }: Place, value: unknown) =>
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })

const isContainer = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !(value instanceof Raw)

const placesIn = (holder: object, found: Array<Place> = []): Array<Place> => {
  for (const [key, value] of Object.entries(holder)) {
    found.push({ holder, key })
    if (isContainer(value)) placesIn(value, found)
  }
  return found
}

/** One of each type, and what passes for another. */
const OTHERS: ReadonlyArray<unknown> = [
  null,
  true,
  false,
  "",
  "x",
  [],
  [null],
  {},
  { "": null },
  ...["0", "-0", "-1", "1.5", "1.0", "1e3", "1e-7", "1e400", `1${"0".repeat(400)}`].map((n) => new Raw(n))
]

const NUMBERS: ReadonlyArray<unknown> = [15n, 16n, 31n, 32n, 53n, 63n, 64n].flatMap((bits) => [
  2n ** bits - 1n,
  2n ** bits,
  -(2n ** bits),
  -(2n ** bits) - 1n
])

const NAMES = ["__proto__", "constructor", "toString", "", "type", "id", "params", "\0", "length"]

const LONE_SURROGATES = ["\ud800", "\udfff", "\udc00\ud800", "x\ud83d"].map(
  (text) => new Raw(JSON.stringify(text))
)

type Mutation = (random: Random, place: Place) => void

/** A path stays a path, and where it is. */
const isPath = (value: unknown) => typeof value === "string" && value.startsWith("/")

const drop: Mutation = (_, { holder, key }) => {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else Reflect.deleteProperty(holder, key)
}

const other = (random: Random): unknown => {
  const value = random.pick(OTHERS)
  return isContainer(value) ? structuredClone(value) : value
}

const retype: Mutation = (random, place) => set(place, other(random))

const extreme: Mutation = (random, place) => set(place, random.pick(NUMBERS))

const rewrite: Mutation = (random, place) => {
  const value = get(place)
  const text = typeof value === "string" && !isPath(value) ? value : random.text(random.length(64))
  const at = random.below(text.length + 1)
  const inserted = random.pick(["\0", "\n", "\u2028", "😀", '"', "\\", " ", "=", text, random.text(3)])
  const written = text.slice(0, at) + inserted + text.slice(at + random.below(3))
  set(place, Buffer.from(written).toString())
}

const enlarge: Mutation = (random, place) => {
  const value = get(place)
  const length = random.chance(0.02) ? HUGE : 2 ** random.below(15)
  if (isPath(value)) set(place, `${value as string}/${"x".repeat(length)}`)
  else if (Array.isArray(value))
    set(
      place,
      Array.from({ length: length & 1023 }, () => value[0] ?? null)
    )
  else set(place, random.pick(["x", "é", "\n"]).repeat(length))
}

const nest: Mutation = (random, place) => set(place, nested(random.pick(DEPTHS)))

const breakText: Mutation = (random, place) => set(place, random.pick(LONE_SURROGATES))

const repeat: Mutation = (random, place) => {
  const value = get(place)
  if (!isContainer(value) || Array.isArray(value)) return retype(random, place)
  const members = Object.entries(value)
  const again = members.map(([name, item]) => [name, random.chance(0.5) ? item : null] as const)
  set(place, new Raw(printMembers(random.shuffle([...members, ...again]))))
}

const add: Mutation = (random, place) => {
  const value = get(place)
  if (Array.isArray(value)) value.push(other(random))
  else if (isContainer(value)) set({ holder: value, key: random.pick(NAMES) }, other(random))
  else set(place, [value])
}

const rename: Mutation = (random, { holder, key }) => {
  const value = get({ holder, key })
  drop(random, { holder, key })
  const name = random.pick([key.toUpperCase(), `${key} `, key.slice(1), `${key}\0`, ...NAMES])
  set({ holder, key: Array.isArray(holder) ? key : name }, value)
}

const byPosition: Mutation = (_, place) => {
  const value = get(place)
  if (Array.isArray(value)) set(place, { ...value })
  else if (isContainer(value)) set(place, Object.values(value))
  else set(place, { value })
}

const exchange: Mutation = (random, place) => {
  const sibling = { holder: place.holder, key: random.pick(Object.keys(place.holder)) }
  const [one, two] = [get(place), get(sibling)]
  set(place, two)
  set(sibling, one)
}

const quote: Mutation = (_, place) => set(place, print(get(place)))

const MUTATIONS = [
  drop,
  retype,
  extreme,
  rewrite,
  enlarge,
  nest,
  breakText,
  repeat,
  add,
  rename,
  byPosition,
  exchange,
  quote
]

/** Changes up to three places of `params` as they hang in `holder`, themselves included. */
export const mutate = (random: Random, holder: { params: unknown }): void => {
  for (let i = random.pick([1, 1, 1, 2, 3]); i > 0; i--) {
    const places = placesIn(holder)
    if (places.length > 0) random.pick(MUTATIONS)(random, random.pick(places))
  }
}
